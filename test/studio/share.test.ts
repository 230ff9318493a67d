import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { loadModel } from "headscope";
import { parseExperiment, runExperiment } from "headscope/experiments";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../built.js";
import { copiedCode, runCode } from "./copied-code.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const PROMPT = "red fox moon bread king red fox moon bread";
// below the package, so that "headscope" is the package itself, built
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/share-"));

const studio = studioOfFile();
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
	({ page, complaints } = await openStudio(studio.browser, studio.server.url, {
		permissions: ["clipboard-read", "clipboard-write"],
		acceptDownloads: true,
	}));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Opens a menu and takes one of its items; what is saved comes back as a file. */
async function save(menu: string | RegExp, item: string): Promise<{ name: string; bytes: Buffer }> {
	const waiting = page.waitForEvent("download");
	await page.getByRole("button", { name: menu }).first().click();
	await page.getByRole("menuitem", { name: item, exact: true }).click();
	const download = await waiting;
	const path = join(folder, download.suggestedFilename());
	await download.saveAs(path);
	return { name: download.suggestedFilename(), bytes: readFileSync(path) };
}

/** Drops files on the page, as if from the desktop. */
async function drop(files: Readonly<Record<string, string>>): Promise<void> {
	const dataTransfer = await page.evaluateHandle((given) => {
		const transfer = new DataTransfer();
		for (const [name, text] of Object.entries(given)) transfer.items.add(new File([text], name));
		return transfer;
	}, files);
	await page.dispatchEvent("body", "drop", { dataTransfer });
}

const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

describe("a view's export menu", () => {
	test("is used by the keyboard alone", async () => {
		const button = page.getByRole("button", { name: /^Export head/ }).first();
		await button.focus();
		await page.keyboard.press("ArrowDown");
		const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? "");
		expect(await focused()).toBe("SVG");
		await page.keyboard.press("ArrowUp");
		expect(await focused()).toBe("Copy as TypeScript");
		await page.keyboard.press("Home");
		await page.keyboard.press("ArrowDown");
		expect(await focused()).toBe("PNG");
		await page.keyboard.press("Escape");
		expect(await page.getByRole("menu").count()).toBe(0);
		expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
		await page.keyboard.press("Enter");
		await page.keyboard.press("Tab");
		expect(await page.getByRole("menu").count()).toBe(0);
	});

	test("saves the figure as SVG, and as PNG with its text", async () => {
		const svg = await save(/^Export head/, "SVG");
		const text = svg.bytes.toString("utf8");
		expect(svg.name).toMatch(/^head-1\.\d\.svg$/);
		expect(text).toMatch(/^<svg /);
		expect(text).toContain("moon");
		const { bytes, name } = await save(/^Export head/, "PNG");
		expect(name).toMatch(/\.png$/);
		const { width, height, data, channels } = decode(bytes);
		const [, svgWidth, svgHeight] = /width="(\d+)" height="(\d+)"/.exec(text) ?? [];
		expect([width, height]).toEqual([2 * Number(svgWidth), 2 * Number(svgHeight)]);
		// the title in the top left corner is dark letters on white, and nothing else is there
		let dark = 0;
		for (let y = 0; y < 60; y++) {
			for (let x = 0; x < 240; x++) if ((data[(y * width + x) * channels] as number) < 100) dark++;
		}
		expect(dark).toBeGreaterThan(100);
		expect(dark).toBeLessThan(60 * 240 * 0.3);
	});

	test("saves the numbers as CSV and JSON, equal to the library's", async () => {
		await using model = await loadModel("demo");
		const head =
			(await page
				.getByRole("button", { name: /^Export head/ })
				.first()
				.getAttribute("aria-label")) ?? "";
		const [, layer, index] = /(\d+)\.(\d+)/.exec(head) ?? [];
		const { cache } = await model.runWithCache(PROMPT, { names: /hook_pattern$/ });
		const pattern = cache.get("pattern", Number(layer)).select(0).select(Number(index));
		const expected = pattern.toNested() as number[][];
		const csv = (await save(/^Export head/, "CSV")).bytes.toString("utf8");
		const [titles = "", ...lines] = csv.trimEnd().split("\n");
		const columns = titles.split(",");
		const found = lines.map((line) => line.split(","));
		expect(found).toHaveLength((9 * 10) / 2);
		for (const row of found) {
			const get = (name: string): number => Number(row[columns.indexOf(name)]);
			expect(get("clean")).toBeCloseTo(expected[get("query")]?.[get("key")] as number, 4);
		}
		const json = JSON.parse((await save(/^Export head/, "JSON")).bytes.toString("utf8")) as {
			clean: number[][];
		};
		for (const [query, row] of expected.entries()) {
			for (const [key, value] of row.entries()) expect(json.clean[query]?.[key]).toBeCloseTo(value, 4);
		}
	});

	test("copies a program that runs in Node and finds the same", async () => {
		await page
			.getByRole("button", { name: /^Export head/ })
			.first()
			.click();
		await page.getByRole("menuitem", { name: "Copy as TypeScript" }).click();
		const dialog = page.getByRole("dialog", { name: "As TypeScript" });
		const code = (await dialog.locator("pre").textContent()) ?? "";
		await dialog.getByText("Copied.").waitFor();
		expect(await clipboard()).toBe(code);
		await page.keyboard.press("Escape");
		expect(await dialog.count()).toBe(0);
		expect(await runCode(code)).toMatch(/0\.\d+/);
	});
});

describe("sharing", () => {
	test("copies the address, which opens the same scene", async () => {
		await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
		await settled(page);
		await page.getByRole("button", { name: "Share" }).click();
		await page.getByRole("menuitem", { name: "Copy the address" }).click();
		await page.getByText("Copied.").waitFor();
		const address = await clipboard();
		expect(address).toContain("changes=");
		const other = await openStudio(studio.browser, address);
		await settled(other.page);
		expect(await other.page.getByRole("button", { name: "Head 0.1, ablated" }).count()).toBe(1);
		await other.page.close();
	});

	test.each(["YAML", "JSON"])(
		"saves an experiment as %s that runs in Node, and opens it again",
		async (form) => {
			const { name, bytes } = await save("Share", `Save as an experiment (${form})`);
			expect(name).toBe(`experiment.${form.toLowerCase()}`);
			const text = bytes.toString("utf8");
			const experiment = parseExperiment(text, name);
			expect(experiment.data).toMatchObject({
				model: "demo",
				prompts: [PROMPT],
				interventions: [{ kind: "zero", heads: ["0.1"] }],
			});
			const { metrics } = await runExperiment(experiment, { loadModel, versions: {} });
			expect(metrics[0]?.after).toBeGreaterThan(metrics[0]?.before as number);
			await page.getByRole("button", { name: "Undo" }).click();
			await settled(page);
			expect(await page.getByRole("button", { name: "Head 0.1, ablated" }).count()).toBe(0);
			await drop({ [name]: text });
			await page.getByRole("button", { name: "Head 0.1, ablated" }).waitFor();
			await settled(page);
		},
	);

	test("a dropped experiment brings its model, prompts, interventions, donors and metrics", async () => {
		const text = readFileSync(join(root, "examples/experiments/patched-prompt.yaml"), "utf8");
		await drop({ "patched-prompt.yaml": text });
		await page.waitForFunction(() => location.hash.includes("logit-difference"));
		await settled(page);
		expect(await page.getByLabel("Text", { exact: true }).inputValue()).toBe(PROMPT);
		const saved = await save("Share", "Save as an experiment (JSON)");
		const before = parseExperiment(text).data;
		const { data } = parseExperiment(saved.bytes.toString("utf8"));
		expect(data).toEqual({
			...before,
			prompts: [before.prompts],
			donors: { other: { prompts: ["red fox moon bread king red fox moon fox"] } },
		});
		const code = await copiedCode(page, /^Export head/);
		expect(code).toContain("donorPoints");
		expect(await runCode(code)).toMatch(/0\.\d+/);
	});

	test.each([
		["wrong.yaml", "model: demo\nprompts: red fox\nmetrics:\n  - los\n", "wrong.yaml:4:5: metrics[0]"],
		[
			"wrong.json",
			'{\n"model": "demo",\n"prompt": "red", "metrics": ["loss"] }',
			"wrong.json:3:1: unknown key",
		],
		["torn.yaml", "model: [demo\nmetrics: ", "torn.yaml:"],
		["run.yaml", "run: M=64\nmetrics: [mse]\n", "run.yaml: "],
	])("%s is told with its place, and the scene stays", async (name, text, message) => {
		const before = page.url();
		await drop({ [name]: text });
		await page.getByText(message).waitFor();
		expect(page.url()).toBe(before);
	});

	test("an address of another version with unknown parts says so, and the rest is shown", async () => {
		const other = await openStudio(studio.browser, `${studio.server.url}#v=9&head=0.2&colour=blue`);
		const { page: shown } = other;
		await shown.getByText('this address is of form "9"').waitFor();
		await shown.getByText('"colour" in the address is not known here').waitFor();
		expect(await shown.getByRole("heading", { name: "Head 0.2" }).count()).toBeGreaterThan(0);
		await shown.close();
	});

	test("nothing was complained of", () => expect(complaints).toEqual([]));
});
