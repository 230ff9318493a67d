import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InductionPageOptions, inductionPage } from "../../src/figures/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { causal } from "../figures/patterns.js";

const HOSTILE = '</script><script>window.harmed=1</script><img src=x onerror="window.harmed=1"><!--\u2028';
const TOKENS = ["<bos>", " red", " fox", HOSTILE, " red", " fox"];
const patterns = new Tensor(
	"float32",
	[2, 2, 6, 6],
	Float32Array.from([0, 1, 2, 3].flatMap((seed) => Array.from(causal(6, 6, seed).data))),
);
const options: InductionPageOptions = {
	title: `Heads of ${HOSTILE}`,
	notes: [HOSTILE],
	score: "induction",
	ranking: [
		{ head: "1.1", score: 0.9, control: 0.1, lift: 0.8, low: 0.7, high: 0.85 },
		{ head: "0.1", score: 0.4, control: 0.1, lift: 0.3, low: 0.2, high: 0.4 },
	],
	values: Tensor.from([
		[0.1, 0.4],
		[0.2, 0.9],
	]),
	range: [0, 1],
	beside: [{ name: "previous-token", values: Tensor.full([2, 2], 0.125) }],
	patterns,
	tokens: TOKENS,
};

const folder = mkdtempSync(join(tmpdir(), "headscope-page-"));
let browser: Browser;

beforeAll(async () => {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
});
afterAll(async () => {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
});

interface Opened {
	page: Page;
	requests: string[];
	complaints: string[];
}

async function open(
	given: InductionPageOptions,
	context: Parameters<Browser["newPage"]>[0] = {},
): Promise<Opened> {
	const file = join(folder, "page.html");
	writeFileSync(file, inductionPage(given));
	const page = await browser.newPage(context);
	const requests: string[] = [];
	const complaints: string[] = [];
	page.on("request", (request) => requests.push(request.url()));
	page.on("console", (message) => complaints.push(message.text()));
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(pathToFileURL(file).href);
	if (context.javaScriptEnabled !== false) await page.waitForSelector("body.scripted");
	return { page, requests, complaints };
}

/** Moves the pointer to the middle of a cell of the pattern shown. */
async function hover(page: Page, row: number, column: number, rows = 6, columns = 6): Promise<string> {
	const cells = page.locator("#viewer .cells");
	await cells.scrollIntoViewIfNeeded();
	const box = await cells.boundingBox();
	if (!box) throw new Error("no pattern on the page");
	await page.mouse.move(
		box.x + ((column + 0.5) / columns) * box.width,
		box.y + ((row + 0.5) / rows) * box.height,
	);
	return (await page.locator("#readout").textContent()) ?? "";
}

describe("the induction page in Chromium", () => {
	test("its policy names the hashes of its script and its style", () => {
		const html = inductionPage(options);
		for (const [name, tag] of [
			["script-src", "script"],
			["style-src", "style"],
		] as const) {
			const content = new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(html)?.[1] ?? "";
			const hash = createHash("sha256").update(content).digest("base64");
			expect(html, `the hash of the page's ${tag} must be ${hash}`).toContain(`${name} 'sha256-${hash}'`);
		}
	});

	test("tells the value under the pointer, with both tokens", async () => {
		const { page, complaints } = await open(options);
		const value = patterns.at(1, 1, 4, 2).toFixed(4);
		expect(await hover(page, 4, 2)).toBe(`query 4 ·red → key 2 ·fox  attention ${value}`);
		expect(complaints).toEqual([]);
		await page.close();
	});

	test("shows the head that is clicked in the table, the score grid or the pattern grid", async () => {
		const { page } = await open(options);
		for (const [selector, name] of [
			['tr[data-head="0.1"] button', "0.1"],
			['g[data-head="1.0"] >> nth=0', "1.0"],
			['g[data-head="0.0"] image', "0.0"],
		] as const) {
			await page.click(selector);
			expect(await page.textContent("#viewer .title")).toBe(`Head ${name}`);
			expect(await page.inputValue("#choice")).toBe(name);
			const [layer = 0, head = 0] = name.split(".").map(Number);
			const value = patterns.at(layer, head, 5, 1).toFixed(4);
			expect(await hover(page, 5, 1)).toContain(`attention ${value}`);
		}
		await page.close();
	});

	test("draws with the script what it drew without it", async () => {
		const { page } = await open(options);
		const drawn = await page.evaluate(async () => {
			const pixels = async (image: Element | null): Promise<number[]> => {
				const picture = new Image();
				picture.src = image?.getAttribute("href") ?? "";
				await picture.decode();
				const canvas = document.createElement("canvas");
				canvas.width = picture.width;
				canvas.height = picture.height;
				const context = canvas.getContext("2d");
				context?.drawImage(picture, 0, 0);
				return Array.from(context?.getImageData(0, 0, picture.width, picture.height).data ?? []);
			};
			return [
				await pixels(document.querySelector("#viewer .cells")),
				await pixels(document.querySelector('g[data-head="1.1"] image')),
			];
		});
		expect(drawn[0]).toHaveLength(6 * 6 * 4);
		// values are kept to 4 decimals, so a colour may be the next of 256
		for (const [i, value] of (drawn[0] ?? []).entries()) {
			expect(Math.abs(value - (drawn[1]?.[i] ?? Number.NaN))).toBeLessThanOrEqual(3);
		}
		await page.close();
	});

	test("is worked with the keyboard alone", async () => {
		const { page } = await open(options);
		await page.focus('tr[data-head="0.1"] button');
		await page.keyboard.press("Enter");
		expect(await page.textContent("#viewer .title")).toBe("Head 0.1");
		await page.focus("#next");
		await page.keyboard.press("Enter");
		expect(await page.textContent("#viewer .title")).toBe("Head 1.0");
		await page.focus("#viewer .scroll");
		for (const key of ["ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
		await page.keyboard.press("ArrowRight");
		expect(await page.textContent("#readout")).toContain("query 2 ·fox → key 1 ·red");
		await page.close();
	});

	test("a hostile token is shown and does nothing", async () => {
		const { page, complaints } = await open(options);
		const shown = await hover(page, 3, 3);
		expect(shown).toContain("</script><script>window.harmed=1");
		expect(await page.evaluate("window.harmed")).toBeUndefined();
		expect(await page.locator("img").count()).toBe(0);
		expect(await page.locator("script").count()).toBe(2);
		expect(complaints).toEqual([]);
		await page.close();
	});

	test("no request leaves the page", async () => {
		const { page, requests } = await open(options);
		await page.click('tr[data-head="0.1"] button');
		await hover(page, 1, 1);
		expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([
			pathToFileURL(join(folder, "page.html")).href,
		]);
		await page.close();
	});

	test("fits a phone, and follows the colour scheme", async () => {
		for (const [colorScheme, paper] of [
			["light", "rgb(255, 255, 255)"],
			["dark", "rgb(20, 25, 31)"],
		] as const) {
			const { page } = await open(options, { viewport: { width: 360, height: 740 }, colorScheme });
			expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
			expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(paper);
			await page.close();
		}
	});

	test("shows its figures with scripts off", async () => {
		const { page } = await open(options, { javaScriptEnabled: false });
		expect(await page.locator("svg image").count()).toBeGreaterThanOrEqual(5);
		expect(await page.locator("#choice").isVisible()).toBe(false);
		await page.close();
	});

	test("with the first key hidden, positions and values are still the pattern's own", async () => {
		const { page } = await open({ ...options, scale: "hide-first" });
		const value = patterns.at(1, 1, 5, 2).toFixed(4);
		expect(await hover(page, 5, 1, 6, 5)).toBe(`query 5 ·fox → key 2 ·fox  attention ${value}`);
		await page.close();
	});
});
