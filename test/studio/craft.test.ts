/** What every view must be: readable by a screen reader in each of the page's looks, and still where nothing is asked of it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { openStudio, settled, studioOfFile } from "./open-studio.js";
import { STATES } from "./states.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const studio = studioOfFile();

/** What colours can be wrong with; everything else is the same in light and dark. */
const COLOURS = ["color-contrast", "link-in-text-block"];
const PHONE = { width: 390, height: 844 };

/** The violations of a part of the page as lines, each with the elements concerned. */
async function violations(page: Page, part: string, rules: RunOptions): Promise<string[]> {
	const options = { ...rules, resultTypes: ["violations" as const], preload: false };
	const found = await page.evaluate(
		([of, asked]) =>
			(globalThis as unknown as { axe: { run(of: string, asked: RunOptions): Promise<AxeResults> } }).axe.run(
				of,
				asked,
			),
		[part, options] as const,
	);
	return found.violations.map(
		({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
	);
}

/** Goes through all states, and looks at each. */
async function inEveryState(
	options: BrowserContextOptions,
	look: (page: Page, part: string) => Promise<readonly string[]>,
): Promise<string[]> {
	const { page, complaints } = await openStudio(studio.browser, studio.server.url, {
		...options,
		reducedMotion: "reduce",
	});
	await page.evaluate(axe);
	const found: string[] = [];
	for (const { name, part = "html", reach } of STATES) {
		await reach(page);
		found.push(...(await look(page, part)).map((line) => `${name}: ${line}`));
	}
	// with reduced motion nothing is animated
	expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
	expect(complaints).toEqual([]);
	await page.close();
	return found;
}

test("no state of the page has a violation, light or dark", async () => {
	const found = await inEveryState({ viewport: { width: 1280, height: 900 } }, async (page, part) => {
		const light = await violations(page, part, {});
		await page.emulateMedia({ colorScheme: "dark" });
		await page.locator("html[data-theme=dark]").waitFor();
		const dark = await violations(page, part, { runOnly: COLOURS });
		await page.emulateMedia({ colorScheme: "light" });
		await page.locator("html[data-theme=light]").waitFor();
		return [...light, ...dark.map((line) => `dark: ${line}`)];
	});
	expect(found).toEqual([]);
}, 300_000);

/** What is wider than the window: the page, or what lies over it. */
function tooWide(page: Page): Promise<string[]> {
	return page.evaluate((width) => {
		const over = document.querySelectorAll("[role=menu], .menu-note:not(:empty), dialog[open], .tour-card");
		const boxes = [...over].map((one) => [one.className, one.getBoundingClientRect()] as const);
		return [
			...(document.documentElement.scrollWidth > width
				? [`${document.documentElement.scrollWidth} pixels wide`]
				: []),
			...boxes
				.filter(([, { left, right }]) => left < 0 || right > width)
				.map(([name, { left, right }]) => `${name} from ${left} to ${right}`),
		];
	}, PHONE.width);
}

test("no state of the page is wider than a phone, or has a violation there", async () => {
	const phone = { viewport: PHONE, hasTouch: true, isMobile: true };
	const rules = Object.fromEntries(COLOURS.map((rule) => [rule, { enabled: false }]));
	const found = await inEveryState(phone, async (page, part) => [
		...(await violations(page, part, { rules })),
		...(await tooWide(page)),
	]);
	expect(found).toEqual([]);
}, 300_000);

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
