/** What every view must be: readable by a screen reader in each of the page's looks, and still where nothing is asked of it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const studio = studioOfFile();

/** The page's violations as lines, each with the elements concerned. */
async function violations(page: Page): Promise<string[]> {
	const found = await page.evaluate(() =>
		(globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
	);
	return found.violations.map(
		({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
	);
}

const LOOKS = [
	{ look: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
	{ look: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
	{ look: "on a phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
] as const;

describe.each(LOOKS)("$look", ({ colorScheme, viewport }) => {
	test("no view has a violation, or is wider than the window", async () => {
		const { page, complaints } = await openStudio(studio.browser, studio.server.url, {
			colorScheme,
			viewport,
			reducedMotion: "reduce",
		});
		await page.evaluate(axe);
		const found: string[] = [];
		const check = async (where: string): Promise<void> => {
			found.push(...(await violations(page)).map((line) => `${where}: ${line}`));
			const wide = await page.evaluate(() => document.documentElement.scrollWidth);
			if (wide > viewport.width) found.push(`${where}: ${wide} pixels wide`);
		};
		const tabs = page.locator("nav[aria-label=Views] button");
		expect(await tabs.count()).toBeGreaterThan(1);
		for (const tab of await tabs.all()) {
			const view = (await tab.textContent()) ?? "";
			await tab.click();
			await page.getByRole("main", { name: view }).waitFor();
			await page.getByText(`Loading ${view}`).waitFor({ state: "detached" });
			await settled(page);
			await check(view);
		}
		// with a change, with what is wrong, and with what the question mark opens
		await tabs.first().click();
		await page.locator('[aria-label^="Head 0.1"]').first().press("x");
		await settled(page);
		await check("with a change");
		await page.getByLabel("Text", { exact: true }).fill("");
		await page.locator(".notices .problem").first().waitFor();
		await check("with an error");
		await page.getByRole("button", { name: "Help", exact: true }).click();
		await page.getByRole("dialog").waitFor();
		await check("help");
		await page.getByRole("button", { name: "Take the tour" }).click();
		await page.getByRole("dialog", { name: "Type" }).waitFor();
		await check("tour");
		// with reduced motion nothing is animated
		expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
		expect(found).toEqual([]);
		expect(complaints).toEqual([]);
		await page.close();
	}, 180_000);
});

test("nothing jumps while somebody types, wipes a head, and goes back", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	await settled(page);
	await page.evaluate(() => {
		const sum = { value: 0 };
		Object.assign(globalThis, { shifts: sum });
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) sum.value += (entry as unknown as { value: number }).value;
		}).observe({ type: "layout-shift" });
	});
	const text = page.getByLabel("Text", { exact: true });
	await text.press("End");
	for (const word of [" king", " red", " fox"]) {
		await text.pressSequentially(word);
		await settled(page);
	}
	await page.locator('[aria-label^="Head 0.1"]').first().press("x");
	await settled(page);
	await page.keyboard.press("Control+z");
	await settled(page);
	// shifts are told with the next frame
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	const sum = await page.evaluate(
		() => (globalThis as unknown as { shifts: { value: number } }).shifts.value,
	);
	expect(sum).toBeLessThan(0.02);
	await page.close();
});
