import { type Intervention, loadModel, type Model, type Tensor } from "headscope";
import {
	ablateHeads,
	agreement,
	attributionPatching,
	patchActivations,
	sumPositions,
} from "headscope/causal";
import { measuring, readMetric } from "headscope/metrics";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copiedCode, runCode } from "./copied-code.js";
import { addressOf, expectMap, heatMap, mapNumbers, sceneOf } from "./heat-maps.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const PROMPT = "red fox moon bread king red fox moon bread";
const CORRUPT = "red fox moon king bread red fox moon bread";

const studio = studioOfFile();
let model: Model;

beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model?.dispose());

const status = (page: Page) => page.locator(".sweep-status [role=status]");
const finished = (page: Page): Promise<void> =>
	status(page).filter({ hasText: "follows the text" }).waitFor();

test("ablating all heads gives the library's numbers; a key and a click make a cell a change", async () => {
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "sweeps" }),
	);
	await page.getByRole("button", { name: "Run", exact: true }).click();
	await finished(page);
	const map = heatMap(page, /Zero ablation/);
	const metric = { kind: "log-probability", answers: "king" } as const;
	const { change } = await ablateHeads(model, { prompts: PROMPT, metric });
	await expectMap(map, change);

	await map.getByRole("gridcell", { name: /^layer 0, head 0:/ }).focus();
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("Enter");
	await settled(page);
	expect(sceneOf(page).changes).toEqual([{ on: true, data: { kind: "zero", heads: ["0.1"] } }]);
	const applied = map.getByRole("gridcell", { selected: true });
	expect(await applied.getAttribute("aria-label")).toMatch(/^layer 0, head 1:/);
	await applied.click();
	expect(sceneOf(page).changes).toBeUndefined();
	await map.getByRole("gridcell", { name: /^layer 1, head 2:/ }).click();
	expect(sceneOf(page).changes).toEqual([{ on: true, data: { kind: "zero", heads: ["1.2"] } }]);

	await page.getByRole("combobox", { name: "Ablation" }).selectOption("frozen-patterns");
	await page.getByRole("combobox", { name: "Metric" }).selectOption("logit-difference");
	await page.getByRole("textbox", { name: "minus" }).fill("red");
	await page.getByRole("textbox", { name: "minus" }).press("Enter");
	await heatMap(page, /Frozen-patterns ablation of each head: logit-difference, king − red/).waitFor();
	await finished(page);
	const frozen = await ablateHeads(model, {
		prompts: PROMPT,
		kind: "frozen-patterns",
		metric: { kind: "logit-difference", answers: "king", wrong: "red" },
	});
	const other = heatMap(page, /Frozen-patterns/);
	await expectMap(other, frozen.change);
	// all of it is in the address
	await page.reload();
	await finished(page);
	await expectMap(heatMap(page, /Frozen-patterns/), frozen.change);
	expect(complaints).toEqual([]);
	await page.close();
});

test("cells are drawn as they arrive, and a sweep can be cancelled", async () => {
	const sweeps = { rows: "repeat", metric: "loss", samples: 8, seed: 3 };
	const { page } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "sweeps", views: { sweeps } }),
	);
	await page.getByRole("button", { name: "Run", exact: true }).waitFor();
	await page.evaluate(() => {
		const counts = new Set<number>();
		const count = (): void => void counts.add(document.querySelectorAll(".heat-cell:not(.unknown)").length);
		new MutationObserver(count).observe(document.body, { childList: true, subtree: true, attributes: true });
		Object.assign(window, { counts });
	});
	await page.getByRole("button", { name: "Run", exact: true }).click();
	await finished(page);
	const counts = await page.evaluate(() => [...(window as unknown as { counts: Set<number> }).counts]);
	const { nLayers, nHeads } = model.config;
	expect(counts).toContain(nLayers * nHeads);
	expect(counts.filter((count) => count > 0 && count < nLayers * nHeads)).not.toEqual([]);
	const { change } = await ablateHeads(model, { task: "repeat", samples: 8, seed: 3 });
	await expectMap(heatMap(page, /Zero/), change);

	await page.getByRole("spinbutton", { name: "Samples" }).fill("1024");
	await page.getByRole("spinbutton", { name: "Samples" }).press("Enter");
	await status(page).filter({ hasText: /left/ }).waitFor();
	await page.getByRole("button", { name: "Cancel" }).click();
	expect(await status(page).textContent()).toMatch(/^cancelled after \d of 8 cells$/);
	await page.getByRole("spinbutton", { name: "Samples" }).fill("2");
	await page.getByRole("spinbutton", { name: "Samples" }).press("Enter");
	await page.getByRole("button", { name: "Run", exact: true }).click();
	await finished(page);
	const few = await ablateHeads(model, { task: "repeat", samples: 2, seed: 3 });
	await expectMap(heatMap(page, /Zero/), few.change);
	await page.close();
});

test("patching gives the library's effects beside their estimate, and a cell becomes a change", async () => {
	const sweeps = { sweep: "patch" };
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "sweeps", views: { sweeps } }),
	);
	await page.getByRole("button", { name: `Add the corrupted prompt ${CORRUPT}` }).click();
	await settled(page);
	await page.getByRole("button", { name: "Run", exact: true }).click();
	await finished(page);
	const pair = {
		clean: PROMPT,
		corrupt: CORRUPT,
		metric: { kind: "logit-difference", answers: "king", wrong: "red" },
	} as const;
	const measured = await patchActivations(model, pair);
	await expectMap(heatMap(page, /^Patching resid_pre/), measured.effects);
	const { points, clean, corrupt } = await attributionPatching(model, { ...pair, at: ["resid_pre", "z"] });
	const share = (tensor: Tensor<"float64">): Tensor<"float64"> => {
		for (const [i, value] of tensor.data.entries()) tensor.data[i] = value / (clean - corrupt);
		return tensor;
	};
	const estimate = share(points.get("resid_pre") as Tensor<"float64">);
	await expectMap(heatMap(page, /Attribution patching/), estimate);
	const { pearson } = agreement(estimate, measured.effects);
	expect(await page.locator(".agreement").textContent()).toContain(
		`correlation ${pearson.toFixed(3).replace("-", "−")}`,
	);

	const cell = heatMap(page, /^Patching/).getByRole("gridcell", { name: /^layer 1, position 8 / });
	await cell.click();
	await settled(page);
	expect(sceneOf(page)).toMatchObject({
		changes: [
			{ on: true, data: { kind: "patch", at: "resid_pre", from: "prompt 1", layers: [1], positions: [8] } },
		],
		donors: { "prompt 1": { prompts: [PROMPT] } },
	});
	expect(await cell.getAttribute("aria-selected")).toBe("true");

	await page.getByRole("combobox", { name: "Patch" }).selectOption("z");
	await heatMap(page, /^Patching z/).waitFor();
	await finished(page);
	const heads = await patchActivations(model, { ...pair, at: "z" });
	await expectMap(heatMap(page, /^Patching z/), heads.effects);
	const summed = share(sumPositions(points.get("z") as Tensor<"float64">));
	await expectMap(heatMap(page, /Attribution patching/), summed);

	await page.getByLabel("Text 2").fill("red fox moon king bread");
	await page.getByText("The clean prompt has 9 tokens and the corrupted one 5").waitFor();
	expect(await page.getByRole("region", { name: "Tokens of both prompts" }).textContent()).toContain("·");
	expect(complaints).toEqual([]);
	await page.close();
});

/** What a map's numbers are off by at most; it may still be filling. */
async function farthest(map: Locator, { data }: Tensor<"float64">): Promise<number> {
	const found = (await mapNumbers(map)).flat();
	return Math.max(...Array.from(data, (value, i) => Math.abs((found[i] ?? Number.NaN) - value)));
}

test("a click on a cell applies what was swept, as the sweep had it", async () => {
	const prompts = [PROMPT, CORRUPT];
	const sweeps = { metric: "loss", live: true };
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "sweeps", prompts, views: { sweeps } }),
	);
	const measure = await measuring(model, "loss", { prompts });
	const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
	const before = mean(await readMetric(measure));
	const { cache: clean } = await model.runWithCache(prompts, { names: /hook_pattern$/ });
	for (const kind of ["mean", "resample", "frozen-patterns"] as const) {
		await page.getByRole("combobox", { name: "Ablation" }).selectOption(kind);
		const map = heatMap(page, new RegExp(`^${kind}`, "i"));
		await map.waitFor();
		const { change } = await ablateHeads(measure, { kind });
		await expect.poll(() => farthest(map, change), { timeout: 60_000 }).toBeLessThan(5e-5);
		const cell = map.getByRole("gridcell", { name: /^layer 0, head 1:/ });
		await cell.click();
		await settled(page);
		const changes = sceneOf(page).changes as { data: Intervention }[];
		expect(changes[0]?.data.kind).toBe(kind === "frozen-patterns" ? "zero" : kind);
		const after = mean(
			await readMetric(measure, { interventions: changes.map(({ data }) => data), donors: { clean } }),
		);
		expect(Math.abs(after - before - change.at(0, 1))).toBeLessThan(5e-5);
		await cell.click();
		expect(sceneOf(page).changes).toBeUndefined();
	}
	// what was swept over random rows takes values of random rows
	await page.getByRole("combobox", { name: "Rows" }).selectOption("repeat");
	await page.getByRole("spinbutton", { name: "Samples" }).fill("4");
	await page.getByRole("spinbutton", { name: "Samples" }).press("Enter");
	await page.getByRole("combobox", { name: "Ablation" }).selectOption("mean");
	await heatMap(page, /^Mean/).waitFor();
	await finished(page);
	await heatMap(page, /^Mean/)
		.getByRole("gridcell", { name: /^layer 1, head 2:/ })
		.click();
	await settled(page);
	const scene = sceneOf(page);
	expect(scene.changes).toEqual([
		{ on: true, data: { kind: "mean", heads: ["1.2"], over: "batch-and-pos", from: "random" } },
	]);
	const { random } = scene.donors as { random: { ids: number[][] } };
	expect(random.ids.map((row) => row.length)).toEqual(Array(8).fill(9));
	expect(complaints).toEqual([]);
	await page.close();
});

test("heads are ablated on top of the changes that are on, and one that does not fit is told", async () => {
	const zero = (head: string) => ({ kind: "zero" as const, heads: [head] });
	const patched: Intervention = { kind: "patch", heads: ["0.0"], from: "other" };
	const changes = [zero("0.1"), patched, zero("9.9")].map((data) => ({ on: true, data }));
	const donors = { other: { prompts: [CORRUPT] } };
	const sweeps = { metric: "loss", live: true };
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "sweeps", changes, donors, views: { sweeps } }),
	);
	const map = heatMap(page, /^Zero/);
	const alone = await ablateHeads(model, { prompts: PROMPT });
	await expect.poll(() => farthest(map, alone.change), { timeout: 60_000 }).toBeLessThan(5e-5);
	const onTop = page.getByRole("checkbox", { name: "on top of the active changes" });
	await onTop.check();
	const { cache: other } = await model.runWithCache(CORRUPT, { names: /hook_z$/ });
	const base = [zero("0.1"), patched];
	const below = await ablateHeads(model, { prompts: PROMPT, base, donors: { other } });
	await expect.poll(() => farthest(map, below.change), { timeout: 60_000 }).toBeLessThan(5e-5);
	expect(Math.abs(below.change.at(1, 3) - alone.change.at(1, 3))).toBeGreaterThan(1e-3);
	await page.getByText('Left out of this sweep: zero z of 9.9: heads[0]: no head "9.9"').waitFor();
	await heatMap(page, new RegExp(`with 2 changes: \\+${below.before.toFixed(2)}`)).waitFor();
	// a cell that is picked is one more change below the others
	await map.getByRole("gridcell", { name: /^layer 1, head 3:/ }).click();
	const more = await ablateHeads(model, {
		prompts: PROMPT,
		base: [...base, zero("1.3")],
		donors: { other },
	});
	await expect.poll(() => farthest(map, more.change), { timeout: 60_000 }).toBeLessThan(5e-5);
	await page.getByRole("combobox", { name: "Ablation" }).selectOption("frozen-patterns");
	await page.getByText("this sweep runs without the active changes").waitFor();
	expect(await onTop.isDisabled()).toBe(true);
	expect(complaints).toEqual([]);
	await page.close();
});

/** Expects the program of a map's menu to find the map's numbers. @param value what it calls them */
async function expectProgram(page: Page, menu: string, value: string, map: Locator): Promise<void> {
	const program = await copiedCode(page, menu);
	const said = await runCode(`${program}console.log(JSON.stringify(${value}.toNested()));\n`);
	const found = (JSON.parse(said.trimEnd().split("\n").at(-1) ?? "") as number[][]).flat();
	const shown = (await mapNumbers(map)).flat();
	expect(found).toHaveLength(shown.length);
	for (const [i, number] of shown.entries())
		expect(Math.abs((found[i] as number) - number)).toBeLessThan(5e-5);
	expect(Math.max(...shown.map(Math.abs))).toBeGreaterThan(1e-3);
}

test("the programs that the page gives find what the sweeps found, whatever the changes below take", async () => {
	const changes = [
		{ kind: "zero", heads: ["0.1"] },
		{ kind: "mean", heads: ["0.2"], over: "batch-and-pos", from: "random" },
		{ kind: "freeze", at: "pattern", layers: [1], from: "clean" },
	].map((data) => ({ on: true, data }));
	// brought up to date by the page: as long as the prompt
	const donors = { random: { ids: [[0]] } };
	const repeats = { rows: "repeat", samples: 3, seed: 2, onTop: true, live: true };
	const ablated = addressOf(studio.server.url, {
		view: "sweeps",
		changes,
		donors,
		views: { sweeps: repeats },
	});
	const { page, complaints } = await openStudio(studio.browser, ablated);
	await finished(page);
	await expectProgram(page, "Export ablate-heads-zero", "change", heatMap(page, /^Zero/));
	await page.getByRole("combobox", { name: "Rows" }).selectOption("prompts");
	await heatMap(page, /^Zero ablation of each head: log-probability of king/).waitFor();
	await finished(page);
	await expectProgram(page, "Export ablate-heads-zero", "change", heatMap(page, /^Zero/));
	expect(complaints).toEqual([]);
	await page.close();
	const sweeps = { sweep: "patch", live: true };
	const patched = addressOf(studio.server.url, {
		view: "sweeps",
		prompts: [PROMPT, CORRUPT],
		views: { sweeps },
	});
	const other = await openStudio(studio.browser, patched);
	await finished(other.page);
	await expectProgram(other.page, "Export patching-resid_pre", "effects", heatMap(other.page, /^Patching/));
	expect(other.complaints).toEqual([]);
	await other.page.close();
}, 120_000);
