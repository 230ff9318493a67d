/** The grid of heads, the finder, and what the pointer and the keyboard do with a matrix; numbers are the library's in Node. */
import { loadModel, type Model, type Tensor } from "headscope";
import { scoreHeads } from "headscope/scores";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { cellsOf, coloursOf, eventually, PROMPT, pointAt, readout, small, tableOf } from "./heads-page.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

// each opens a page of its own, beside other tests
vi.setConfig({ testTimeout: 120_000 });

const studio = studioOfFile();
let model: Model;

beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model?.dispose());

/** A head's pattern by the library: [query, key]. */
async function patternOf(
	head: string,
	interventions: { kind: "zero"; heads: string[] }[] = [],
): Promise<Tensor> {
	const [layer, index] = head.split(".");
	const names = `blocks.${layer}.attn.hook_pattern`;
	const { cache } = await model.runWithCache(PROMPT, { names, interventions });
	return cache.get(names).select(0).select(Number(index));
}

const at = (pattern: Tensor, query: number, key: number): number =>
	Number(pattern.data[query * (pattern.shape[1] as number) + key]);

/** Waits until the best head is known and shown. */
async function opened(url = studio.server.url): Promise<{ page: Page; complaints: readonly string[] }> {
	const one = await openStudio(studio.browser, url);
	await one.page.locator(".head-large:not(.pinned) .cells").waitFor();
	return one;
}

test("the finder ranks heads as the library does, and the best one is large", async () => {
	const { page, complaints } = await opened();
	const found = await scoreHeads(model, ["induction", "previous-token"], { samples: 20 });
	const ranking = found.get("induction")?.ranking ?? [];
	const best = ranking[0]?.head ?? "";
	await page.getByRole("heading", { name: `Head ${best}`, exact: true }).waitFor();
	const finder = page.getByRole("region", { name: "Head finder" });
	const rows = finder.locator("tbody tr");
	expect(await rows.count()).toBe(8);
	for (const [i, { head, score, control = 0, lift = 0 }] of ranking.entries()) {
		const [name, ...values] = await rows.nth(i).locator("th, td").allTextContents();
		expect(name).toBe(head);
		for (const [j, value] of [score, control, lift].entries()) {
			expect(Math.abs(Number(values[j]) - value), `${head}, column ${j}`).toBeLessThan(5.5e-4);
		}
	}
	for (const { head, score } of ranking)
		expect(await page.locator(`[data-head="${head}"] .badge`).textContent()).toBe(score.toFixed(2));
	// its partner, and back
	const partner = found.get("previous-token")?.ranking.find(({ head }) => head.startsWith("0."))?.head;
	await finder.getByRole("button", { name: `Show partner ${partner}` }).click();
	await cellsOf(page, partner ?? "").waitFor();
	await finder.getByRole("button", { name: `Show ${best}`, exact: true }).click();
	await cellsOf(page, best).waitFor();

	// another score, and its order
	const entropy = await scoreHeads(model, "entropy", { samples: 20 });
	await page.getByRole("combobox", { name: "Score", exact: true }).selectOption("entropy");
	await page.getByRole("combobox", { name: "Order", exact: true }).selectOption("score");
	await page.getByRole("group", { name: "Best first" }).waitFor();
	await eventually(() =>
		page.locator(".head .show").evaluateAll((all) => all.map((one) => one.ariaLabel)),
	).toEqual(entropy.ranking.map(({ head }) => `Head ${head}`));

	// on the prompt itself
	await page.getByRole("combobox", { name: "on", exact: true }).selectOption("prompts");
	const ids = [model.tokenize(PROMPT).ids];
	const given = await scoreHeads(model, "entropy", { ids });
	const first = given.ranking[0];
	await eventually(() => rows.first().locator("th, td").allTextContents()).toEqual([
		first?.head,
		first?.score.toFixed(3),
	]);
	expect(complaints).toEqual([]);
	await page.close();
});

test("a pointer reads values without drawing the matrix again; a click locks, Escape frees", async () => {
	const { page } = await opened(`${studio.server.url}#v=1&head=1.3`);
	const cells = cellsOf(page, "1.3");
	const pattern = await patternOf("1.3");
	await page.evaluate(() => {
		const counted = globalThis as unknown as { drawn: number };
		counted.drawn = 0;
		const put = CanvasRenderingContext2D.prototype.putImageData;
		CanvasRenderingContext2D.prototype.putImageData = function (...given: unknown[]) {
			counted.drawn++;
			return Reflect.apply(put, this, given);
		};
	});
	await pointAt(page, cells, 9, 6, 2);
	const looks = at(pattern, 6, 2);
	await eventually(() => readout(page).textContent()).toBe(`query 'fox' -> key 'moon': ${looks.toFixed(2)}`);
	expect(looks).toBeGreaterThan(0.5);
	const strip = page.getByRole("list", { name: "Tokens" }).getByRole("listitem");
	expect(await strip.nth(2).getAttribute("class")).toContain("lit");
	for (let key = 0; key < 9; key++) await pointAt(page, cells, 9, 8, key);
	expect(await page.evaluate(() => (globalThis as unknown as { drawn: number }).drawn)).toBe(0);

	await pointAt(page, cells, 9, 6, 2);
	await page.mouse.down();
	await page.mouse.up();
	await page.mouse.move(1, 1);
	await eventually(() => readout(page).textContent()).toContain(
		`query 'fox' looks at 'moon' ${looks.toFixed(2)}`,
	);
	expect(page.url()).toContain("token=6");
	expect(await strip.nth(6).getByRole("button").getAttribute("aria-pressed")).toBe("true");
	await page.keyboard.press("Escape");
	await eventually(() => readout(page).textContent()).toContain("Point at a token");
	expect(page.url()).not.toContain("token");

	// a token of the strip: where it looks, and who looks at it
	await strip.nth(3).getByRole("button").hover();
	const lookers = [...Array(9).keys()].sort((a, b) => at(pattern, b, 3) - at(pattern, a, 3));
	const best = lookers[0] as number;
	await eventually(() => readout(page).textContent()).toContain(
		`key 'bread' is looked at by '${PROMPT.split(" ")[best]}' ${at(pattern, best, 3).toFixed(2)}`,
	);
	await page.close();
});

test("everything can be done from the keyboard", async () => {
	const { page, complaints } = await opened();
	const focused = (): Promise<string | null> =>
		page.evaluate(() => document.activeElement?.ariaLabel ?? null);
	await small(page, "0.0").focus();
	await page.keyboard.press("ArrowRight");
	expect(await focused()).toBe("Head 0.1");
	await page.keyboard.press("ArrowDown");
	expect(await focused()).toBe("Head 1.1");
	await page.keyboard.press("ArrowLeft");
	await page.keyboard.press("Enter");
	await cellsOf(page, "1.0").waitFor();
	await page.keyboard.press("End");
	expect(await focused()).toBe("Head 1.3");
	await page.keyboard.press("p");
	const pinned = page.getByRole("region", { name: "Pinned head 1.3" });
	await pinned.waitFor();
	// one head alone is reached by Tab
	expect(await page.locator('.head .show[tabindex="0"]').count()).toBe(1);
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("x");
	await settled(page);
	expect(await focused()).toBe("Head 0.3, ablated");
	await page.keyboard.press("x");
	await settled(page);

	await cellsOf(page, "1.0").focus();
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("ArrowRight");
	const pattern = await patternOf("1.0");
	await eventually(() => readout(page).textContent()).toBe(
		`query 'moon' -> key 'fox': ${at(pattern, 7, 1).toFixed(2)}`,
	);
	const drawing = cellsOf(page, "1.0").locator(".drawing");
	await page.keyboard.press("+");
	await eventually(() => drawing.getAttribute("width")).toBe("6");
	await page.keyboard.press("Home");
	await eventually(() => drawing.getAttribute("width")).toBe("9");
	await page.keyboard.press("Enter");
	expect(page.url()).toContain("token=7");
	await page.keyboard.press("Escape");
	expect(page.url()).not.toContain("token");
	await pinned.getByRole("button", { name: "Close 1.3" }).press("Enter");
	await pinned.waitFor({ state: "detached" });
	expect(complaints).toEqual([]);
	await page.close();
});

test("the wheel zooms around the pointer, a drag moves what is shown, in every large head alike", async () => {
	const { page } = await opened(`${studio.server.url}#v=1&head=1.3&pins=["0.1"]`);
	const cells = cellsOf(page, "1.3");
	const [drawing, pinned] = [cells.locator(".drawing"), cellsOf(page, "0.1").locator(".drawing")];
	const all = await coloursOf(drawing);
	const shown = (first: number, count: number): string[][] =>
		all.slice(first, first + count).map((row) => row.slice(first, first + count));
	// around the last cell: what is shown is the end of the text
	await pointAt(page, cells, 9, 8, 8);
	await page.keyboard.down("Control");
	await page.mouse.wheel(0, -200);
	await page.keyboard.up("Control");
	await eventually(() => drawing.getAttribute("width")).toBe("5");
	expect(await coloursOf(drawing)).toEqual(shown(4, 5));
	expect(await pinned.getAttribute("width")).toBe("5");
	const box = await cells.boundingBox();
	if (!box) throw new Error("the matrix is not on the screen");
	const cell = box.width / 5;
	await page.mouse.move(box.x + cell, box.y + cell);
	await page.mouse.down();
	await page.mouse.move(box.x + 3 * cell, box.y + 3 * cell, { steps: 4 });
	await page.mouse.up();
	expect(await coloursOf(drawing)).toEqual(shown(2, 5));
	// a drag is no click
	expect(page.url()).not.toContain("token");
	await page.getByRole("button", { name: "all", exact: true }).click();
	await eventually(() => coloursOf(drawing)).toEqual(all);
	await page.close();
});

test("scales spread the colours, and hide the first key where asked", async () => {
	const { page } = await opened(`${studio.server.url}#v=1&head=1.3`);
	const drawing = cellsOf(page, "1.3").locator(".drawing");
	const scale = page.getByRole("combobox", { name: "Scale", exact: true });
	const linear = await coloursOf(drawing);
	const ground = linear[0]?.[8];
	expect(linear[6]?.[2]).not.toBe(ground);
	// a faint cell: white on a linear scale, coloured on a logarithmic one
	const pattern = await patternOf("1.3");
	const faint = Array.from({ length: 81 }, (_, i) => [Math.floor(i / 9), i % 9] as const).find(
		([query, key]) => at(pattern, query, key) > 2e-4 && at(pattern, query, key) < 1.5e-3,
	);
	if (!faint) throw new Error("the pattern has no faint cell");
	const [row, column] = faint;
	expect(linear[row]?.[column]).toBe(ground);
	await scale.selectOption("log");
	await eventually(async () => (await coloursOf(drawing))[row]?.[column]).not.toBe(ground);
	expect(await page.locator(".colour-bar .ends span").allTextContents()).toEqual(["1e-4", "0.01", "1"]);
	await scale.selectOption("hide-first");
	await eventually(async () => (await coloursOf(drawing)).map((row) => row[0])).toEqual(
		Array(9).fill(ground),
	);
	await page.close();
});

test("a stroke across a small head wipes it; heads show what that changed", async () => {
	const { page, complaints } = await opened(`${studio.server.url}#v=1&head=1.3`);
	const box = await small(page, "0.1").boundingBox();
	if (!box) throw new Error("head 0.1 is not on the screen");
	const middle = box.y + box.height / 2;
	await page.mouse.move(box.x + 3, middle);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width - 3, middle, { steps: 8 });
	await page.mouse.move(box.x + 3, middle, { steps: 8 });
	await page.mouse.up();
	await settled(page);
	await page.getByRole("button", { name: "Head 0.1, ablated", exact: true }).waitFor();
	// the stroke was no click
	const cells = cellsOf(page, "1.3");
	await cells.waitFor();
	const [clean, changed] = [
		await patternOf("1.3"),
		await patternOf("1.3", [{ kind: "zero", heads: ["0.1"] }]),
	];
	const differences = Array.from(clean.to("float32").data, (value, i) => Number(changed.data[i]) - value);
	const largest = Math.max(...differences.map(Math.abs));
	expect(largest).toBeGreaterThan(0.5);
	await eventually(() => page.locator(`[data-head="1.3"] .change`).textContent()).toBe(
		`Δ ${largest.toFixed(2)}`,
	);
	expect(await page.locator(`[data-head="0.0"] .change`).count()).toBe(0);

	const drawing = cells.locator(".drawing");
	const after = await coloursOf(drawing);
	await page.getByRole("button", { name: "clean", exact: true }).click();
	await eventually(() => coloursOf(drawing)).not.toEqual(after);
	await page.getByRole("button", { name: "difference", exact: true }).click();
	await eventually(() => page.locator(".colour-bar").first().textContent()).toContain("changed − clean");
	await pointAt(page, cells, 9, 6, 2);
	const [before, then] = [at(clean, 6, 2), at(changed, 6, 2)];
	await eventually(() => readout(page).textContent()).toBe(
		`query 'fox' -> key 'moon': clean ${before.toFixed(2)}, changed ${then.toFixed(2)}, difference ${(then - before).toFixed(2).replace("-", "−")}`,
	);
	// the same in a table, for the query that is pointed at
	await page.locator(".head-large .matrix-table summary").click();
	await pointAt(page, cells, 9, 6, 2);
	await eventually(async () => (await tableOf(page)).length).toBe(7);
	for (const [key, , ...values] of await tableOf(page)) {
		const expected = [clean, changed].map((side) => at(side, 6, Number(key)));
		for (const [i, value] of expected.entries())
			expect(Math.abs(Number(values[i]) - value), `key ${key}`).toBeLessThan(5e-5);
	}
	await page.keyboard.press("Control+z");
	await settled(page);
	await small(page, "0.1").and(page.locator('[aria-label="Head 0.1"]')).waitFor();
	expect(complaints).toEqual([]);
	await page.close();
});

test("on a touch screen a stroke along the row wipes, and up and down scrolls", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url, {
		hasTouch: true,
		viewport: { width: 390, height: 844 },
	});
	await settled(page);
	const session = await page.context().newCDPSession(page);
	const swipe = async (dx: number, dy: number): Promise<void> => {
		// in the middle of the screen, and at rest
		await small(page, "0.1").evaluate((head) =>
			head.scrollIntoView({ block: "center", behavior: "instant" }),
		);
		await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
		const box = await small(page, "0.1").boundingBox();
		if (!box) throw new Error("head 0.1 is not on the screen");
		const start = { x: box.x + (dx > 0 ? 4 : box.width / 2), y: box.y + box.height / 2 };
		const touch = (type: "touchStart" | "touchMove" | "touchEnd", share: number): Promise<unknown> =>
			session.send("Input.dispatchTouchEvent", {
				type,
				touchPoints: type === "touchEnd" ? [] : [{ x: start.x + share * dx, y: start.y + share * dy }],
			});
		await touch("touchStart", 0);
		for (let i = 1; i <= 10; i++) await touch("touchMove", i / 10);
		await touch("touchEnd", 1);
	};
	const top = async (): Promise<number> => (await small(page, "0.1").boundingBox())?.y ?? 0;
	await swipe(0, -200);
	await eventually(top).toBeLessThan(844 / 2 - 100);
	expect(await page.getByRole("button", { name: "Head 0.1, ablated" }).count()).toBe(0);
	const width = (await small(page, "0.1").boundingBox())?.width ?? 0;
	await swipe(0.9 * width, 0);
	await page.getByRole("button", { name: "Head 0.1, ablated" }).waitFor();

	// two fingers that part over the large matrix zoom it
	const cells = page.locator(".head-large .cells");
	await cells.evaluate((matrix) => matrix.scrollIntoView({ block: "center", behavior: "instant" }));
	const box = await cells.boundingBox();
	if (!box) throw new Error("the matrix is not on the screen");
	const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
	const fingers = (apart: number): { x: number; y: number; id: number }[] => [
		{ x: x - apart, y, id: 0 },
		{ x: x + apart, y, id: 1 },
	];
	await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: fingers(30) });
	for (let apart = 35; apart <= 55; apart += 5)
		await session.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: fingers(apart) });
	await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
	await eventually(() => cells.locator(".drawing").getAttribute("width")).toBe("5");
	await page.close();
});
