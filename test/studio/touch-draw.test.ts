import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { expectAsByCommand } from "./by-command.js";
import { type OpenedStudio, openStudio, studioOfFile } from "./open-studio.js";
import { changesOf, endNode, expectAsInNode, savedExperiment } from "./touching.js";

const TOKENS = 9;

const studio = studioOfFile();
let opened: OpenedStudio;

beforeAll(async () => {
	opened = await openStudio(studio.browser, studio.server.url);
});
beforeEach(async () => {
	const remove = opened.page.getByRole("button", { name: "Remove all" });
	if (await remove.isVisible()) await remove.click();
});
afterAll(() => endNode());

/** Opens the dialog over head 0.1. */
async function drawing(page: Page): Promise<Locator> {
	await changesOf(page).getByLabel("heads to change").fill("0.1");
	await changesOf(page).getByRole("button", { name: "Draw pattern" }).click();
	const dialog = page.getByRole("dialog", { name: "Draw a pattern" });
	await dialog.getByRole("application").waitFor();
	return dialog;
}

/** Rows of the pattern as text. */
function numbersOf(dialog: Locator): Locator {
	return dialog.getByLabel("Rows of the pattern, a line for each query");
}

/** Begins from a named pattern, which is there when its last row is. */
async function startFrom(dialog: Locator, name: string, lastRow: string): Promise<void> {
	await dialog.getByText("As numbers").click();
	await dialog.getByLabel("Start from").selectOption(name);
	await expect.poll(async () => (await numbersOf(dialog).inputValue()).split("\n").at(-1)).toBe(lastRow);
	await dialog.getByText("As numbers").click();
}

/** Draws with the pointer from one cell to another. */
async function stroke(
	page: Page,
	dialog: Locator,
	from: [number, number],
	to: [number, number],
): Promise<void> {
	const box = (await dialog.getByRole("application").boundingBox()) as {
		x: number;
		y: number;
		width: number;
	};
	const side = box.width / TOKENS;
	const at = ([query, key]: [number, number]): [number, number] => [
		box.x + (key + 0.5) * side,
		box.y + (query + 0.5) * side,
	];
	await page.mouse.move(...at(from));
	await page.mouse.down();
	// through the middle of each cell on a diagonal way
	await page.mouse.move(...at(to), { steps: Math.abs(to[0] - from[0]) || 3 });
	await page.mouse.up();
}

/** The matrix of the change that the page saves. */
async function savedPattern(page: Page): Promise<{ pattern: number[][]; normalize: boolean }> {
	const { interventions } = JSON.parse(await savedExperiment(page)) as {
		interventions: { pattern: number[][]; normalize: boolean }[];
	};
	return interventions[0] as { pattern: number[][]; normalize: boolean };
}

test("a pattern painted with the pointer acts as in Node; no query can be made to look ahead", async () => {
	const { page, complaints } = opened;
	const dialog = await drawing(page);
	await startFrom(dialog, "first-token", "1 0 0 0 0 0 0 0 0");
	await stroke(page, dialog, [2, 1], [8, 7]);
	// over the diagonal: nothing but what lies on the way below it
	await stroke(page, dialog, [1, 5], [1, 8]);
	await dialog.getByText("row 2 sums to 2.00").waitFor();
	await dialog.getByRole("button", { name: "Scale now" }).click();
	await dialog.getByText("Every row sums to 1.").waitFor();
	await dialog.getByRole("button", { name: "Undo stroke" }).click();
	await dialog.getByText("row 2 sums to 2.00").waitFor();
	await dialog.getByRole("button", { name: "Use this pattern" }).click();
	const { results } = await expectAsByCommand(page);
	expect(results.some(({ change }) => Math.abs(change) > 1e-3)).toBe(true);
	const { pattern, normalize } = await savedPattern(page);
	expect(normalize).toBe(true);
	expect(pattern.map((row) => row.length)).toEqual(Array(TOKENS).fill(TOKENS));
	for (const [query, row] of pattern.entries())
		expect(row).toEqual(row.map((_, key) => Number(key === 0 || (query >= 2 && key === query - 1))));
	expect(complaints).toEqual([]);
});

test("a pattern drawn with keys, rows as drawn; it can be drawn again, and undone", async () => {
	const { page } = opened;
	let dialog = await drawing(page);
	await startFrom(dialog, "identity", "0 0 0 0 0 0 0 0 1");
	await dialog.getByRole("application").focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowRight");
	// the diagonal is as far right as a query can look
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("8");
	await dialog.getByText("the row sums to 0.80").waitFor();
	await dialog.getByLabel("scale every row to sum to 1").uncheck();
	await dialog.getByText("row 1 sums to 0.80: used as drawn").waitFor();
	await dialog.getByRole("button", { name: "Use this pattern" }).click();
	await expectAsInNode(page);
	expect((await savedPattern(page)).pattern[1]).toEqual([0, 0.8, 0, 0, 0, 0, 0, 0, 0]);

	const words = "pattern of 0.1 becomes one drawn by hand";
	await page.getByRole("button", { name: `Edit: ${words}` }).click();
	await changesOf(page).locator(".change-editor").getByRole("button", { name: "Draw" }).click();
	dialog = page.getByRole("dialog", { name: "Draw a pattern" });
	await dialog.getByText("As numbers").click();
	const numbers = numbersOf(dialog);
	const rows = (await numbers.inputValue()).split("\n");
	expect(rows[1]).toBe("0 0.8");
	await numbers.fill(["1 0 0 0.5", ...rows.slice(1)].join("\n"));
	await numbers.blur();
	await dialog.getByText("query 0 cannot attend to the later key 3").waitFor();
	await numbers.fill(["0.25", ...rows.slice(1)].join("\n"));
	await numbers.blur();
	await dialog.getByText("row 0 sums to 0.25").waitFor();
	await dialog.getByRole("button", { name: "Use this pattern" }).click();
	await expectAsInNode(page);
	expect((await savedPattern(page)).pattern[0]?.[0]).toBe(0.25);
	await page.getByRole("button", { name: "Undo", exact: true }).click();
	expect((await savedPattern(page)).pattern[0]?.[0]).toBe(1);
	await page.getByRole("button", { name: "Undo", exact: true }).click();
	await changesOf(page).getByText("The model is as it was trained.").waitFor();
});

test("a row of zeros that is to be scaled is told, and cannot be used", async () => {
	const { page } = opened;
	const dialog = await drawing(page);
	await startFrom(dialog, "identity", "0 0 0 0 0 0 0 0 1");
	await dialog.getByRole("application").focus();
	await page.keyboard.press("Delete");
	await dialog.getByText("Row 0 is all zeros and cannot be scaled").waitFor();
	expect(await dialog.getByRole("button", { name: "Use this pattern" }).isDisabled()).toBe(true);
	await page.keyboard.press("Escape");
	await dialog.waitFor({ state: "hidden" });
	await changesOf(page).getByText("The model is as it was trained.").waitFor();
});
