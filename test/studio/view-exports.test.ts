/** Every menu of every view: what it saves is whole, whatever the form, and the program that it shows is one. */
import { readFile } from "node:fs/promises";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import ts from "typescript";
import { expect, test } from "vitest";
import { copiedCode, runCode } from "./copied-code.js";
import { addressOf } from "./heat-maps.js";
import { openStudio, studioOfFile } from "./open-studio.js";
import { FULL_VIEWS, type FullView } from "./scenes.js";
import { printedMetrics } from "./touching.js";

const studio = studioOfFile();

/** What a menu's item saves. */
async function saved(page: Page, menu: string, item: string): Promise<Buffer> {
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: menu, exact: true }).click();
	await page.getByRole("menuitem", { name: item, exact: true }).click();
	return readFile(await (await download).path());
}

/** How many fields each line of a CSV file has. */
function fieldsOf(text: string): number[] {
	const fields = /("(?:[^"]|"")*"|[^,"\n]*)(,|\n)/g;
	const counts = [0];
	for (const [, , end] of text.matchAll(fields)) {
		counts[counts.length - 1] = (counts.at(-1) as number) + 1;
		if (end === "\n") counts.push(0);
	}
	return counts.slice(0, -1);
}

const CHECKS: Readonly<Record<string, (page: Page, bytes: Buffer) => void | Promise<void>>> = {
	SVG: async (page, bytes) => {
		const found = await page.evaluate((text) => {
			const read = new DOMParser().parseFromString(text, "image/svg+xml");
			return [
				read.documentElement.tagName,
				read.querySelectorAll("parsererror").length,
				read.querySelectorAll("text").length,
			];
		}, bytes.toString("utf8"));
		expect(found.slice(0, 2)).toEqual(["svg", 0]);
		expect(found[2]).toBeGreaterThan(0);
	},
	PNG: (_, bytes) => {
		const { width, height, data } = decode(bytes);
		expect(Math.min(width, height)).toBeGreaterThan(50);
		expect(new Set(data).size).toBeGreaterThan(2);
	},
	CSV: (_, bytes) => {
		const [titles = 0, ...rows] = fieldsOf(bytes.toString("utf8"));
		expect(titles).toBeGreaterThan(1);
		expect(rows.length).toBeGreaterThan(0);
		expect(new Set(rows)).toEqual(new Set([titles]));
	},
	JSON: (_, bytes) => {
		const read = JSON.parse(bytes.toString("utf8")) as object;
		expect(Object.keys(read).length).toBeGreaterThan(0);
	},
};

test.each(Object.keys(FULL_VIEWS))(
	"%s: every menu saves what it offers",
	async (name) => {
		const { scene, fill } = FULL_VIEWS[name] as FullView;
		const { page, complaints } = await openStudio(studio.browser, addressOf(studio.server.url, scene), {
			acceptDownloads: true,
		});
		await fill(page);
		const buttons = page.getByRole("button", { name: /^Export / });
		const menus = await buttons.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));
		expect(menus.length).toBeGreaterThan(0);
		expect(new Set(menus).size).toBe(menus.length);
		const offered = new Set<string>();
		for (const menu of menus) {
			await page.getByRole("button", { name: menu, exact: true }).click();
			const items = await page.getByRole("menuitem").allTextContents();
			await page.keyboard.press("Escape");
			expect(items, menu).toEqual(expect.arrayContaining(["CSV", "JSON", "Copy as TypeScript"]));
			for (const item of items) offered.add(item);
			for (const item of items.filter((one) => one in CHECKS))
				await CHECKS[item]?.(page, await saved(page, menu, item));
			const { diagnostics } = ts.transpileModule(await copiedCode(page, menu), { reportDiagnostics: true });
			expect(diagnostics, menu).toEqual([]);
		}
		expect([...offered]).toEqual(expect.arrayContaining(["SVG", "PNG"]));
		expect(complaints).toEqual([]);
		await page.close();
	},
	120_000,
);

test("the programs of the ranking and of the outcome find what is shown", async () => {
	const { scene, fill } = FULL_VIEWS.heads as FullView;
	const { page } = await openStudio(studio.browser, addressOf(studio.server.url, scene));
	await fill(page);
	const ranking = JSON.parse(await runCode(await copiedCode(page, /^Export ranking-/))) as {
		head: string;
		score: number;
	}[];
	const rows = page.locator(".ranking tbody tr");
	expect(await rows.count()).toBe(ranking.length);
	for (const [i, { head, score }] of ranking.entries()) {
		expect(await rows.nth(i).getByRole("rowheader").textContent()).toBe(head);
		expect(Number(await rows.nth(i).getByRole("cell").first().textContent())).toBeCloseTo(score, 3);
	}
	const said = (await runCode(await copiedCode(page, "Export outcome"))).trim().split("\n");
	const printed = await printedMetrics(page);
	expect(said).toHaveLength(printed.length);
	for (const [i, line] of said.entries()) {
		const numbers = line.split(" ").slice(1).map(Number);
		for (const [k, value] of numbers.entries())
			expect(Math.abs((printed[i]?.[k] as number) - value)).toBeLessThan(5e-5);
	}
	await page.close();
}, 120_000);
