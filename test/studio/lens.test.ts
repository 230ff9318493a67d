import { type Intervention, loadModel, type Model } from "headscope";
import { directAttribution, type LogitLens, logitLens } from "headscope/lens";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copiedCode, runCode } from "./copied-code.js";
import { addressOf, heatMap, mapNumbers, numberOf } from "./heat-maps.js";
import { openStudio, studioOfFile } from "./open-studio.js";

const PROMPT = "red fox moon bread king red fox moon bread";
const INTERVENTIONS: Intervention[] = [
	{ kind: "zero", heads: ["0.1"] },
	{ kind: "freeze", at: "pattern", layers: [1], from: "clean" },
];
const CHANGES = INTERVENTIONS.map((data) => ({ on: true, data }));

const studio = studioOfFile();
let model: Model;

beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model?.dispose());

function expectNear(found: readonly number[], wanted: readonly number[]): void {
	expect(found).toHaveLength(wanted.length);
	for (const [i, value] of wanted.entries())
		expect(Math.abs((found[i] as number) - value)).toBeLessThan(5e-5);
}

/** The best tokens' texts, and their probabilities. */
async function expectLens(map: Locator, { top, points }: LogitLens): Promise<void> {
	const [ids, logProbs] = [top?.ids, top?.logProbs];
	if (!ids || !logProbs) throw new Error("a lens without tokens");
	const places = points.flatMap((_, point) => PROMPT.split(" ").map((__, pos) => [point, pos] as const));
	const texts = places.map(([point, pos]) => model.tokenizer?.displayText(ids.at(point, 0, pos, 0)));
	expect(await map.getByRole("gridcell").allInnerTexts()).toEqual(texts);
	const best = places.map(([point, pos]) => Math.exp(logProbs.at(point, 0, pos, 0)));
	expectNear((await mapNumbers(map)).flat(), best);
}

test("the lens reads what the library reads, unchanged and changed, and follows a token that is picked", async () => {
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "lens", changes: CHANGES }),
	);
	const [unchanged, changed] = [heatMap(page, /^Unchanged/), heatMap(page, /^Changed/)];
	await changed.waitFor();
	const clean = await logitLens(model, PROMPT, { top: 5, answers: "moon" });
	await expectLens(unchanged, clean);
	const { cache } = await model.runWithCache(PROMPT, { names: /hook_pattern$/ });
	const run = { interventions: INTERVENTIONS, donors: { clean: cache } };
	const after = await logitLens(model, PROMPT, { top: 5, answers: "king", run });
	await expectLens(changed, after);
	// the program that the page gives finds the same
	const program = await copiedCode(page, "Export logit-lens-changed");
	const said = JSON.parse(await runCode(program)) as { logProbs: number[][][] };
	expectNear(said.logProbs.flat(2), [...(after.answer?.logProbs.data ?? [])]);

	// the last position's framed cell is what the model says, which is tracked until another is picked
	const last = unchanged.getByRole("gridcell", { selected: true }).last();
	expect(await last.textContent()).toBe("king");
	const moon = unchanged.getByRole("gridcell").filter({ hasText: "moon" }).first();
	await moon.focus();
	await page.keyboard.press("Enter");
	await page.getByRole("combobox", { name: "Shade by" }).selectOption("tracked");
	await heatMap(page, /^Unchanged.*probability of moon/).waitFor();
	const tracked = clean.answer?.logProbs.data ?? [];
	expectNear((await mapNumbers(unchanged)).flat(), Array.from(tracked, Math.exp));

	await page.reload();
	await heatMap(page, /^Unchanged.*probability of moon/).waitFor();
	expect(complaints).toEqual([]);
	await page.close();
});

test("direct attribution gives the library's components, heads and neurons", async () => {
	const views = { lens: { reading: "attribution", wrong: "red" } };
	const { page, complaints } = await openStudio(
		studio.browser,
		addressOf(studio.server.url, { view: "lens", views }),
	);
	const components = page.getByRole("table", { name: "Components" });
	await components.waitFor();
	const options = { answers: "king", wrong: "red", positions: -1 };
	const found = await directAttribution(model, PROMPT, options);
	expect(await components.locator("tbody th").allInnerTexts()).toEqual(found.parts.map(({ label }) => label));
	expectNear(await titles(components.locator("tbody td[title]")), [...found.values.data]);
	const [sum, total] = await titles(components.locator("tfoot td[title]"));
	expectNear([sum as number, total as number], [found.total.item(), found.total.item()]);

	const byHead = await directAttribution(model, PROMPT, { ...options, by: "head" });
	const heads = byHead.parts.flatMap(({ kind }, i) => (kind === "head" ? [byHead.values.at(i, 0, 0)] : []));
	expectNear((await mapNumbers(heatMap(page, /heads/))).flat(), heads);
	const program = await copiedCode(page, "Export attribution-heads");
	const said = JSON.parse(await runCode(program)) as { added: [string, number][]; total: number };
	expect(said.added.map(([label]) => label)).toEqual(byHead.parts.map(({ label }) => label));
	expectNear(
		said.added.map(([, value]) => value),
		[...byHead.values.data],
	);

	const byNeuron = await directAttribution(model, PROMPT, { ...options, by: "neuron" });
	const neurons = byNeuron.parts
		.map((part, i) => ({ part, value: byNeuron.values.at(i, 0, 0) }))
		.filter(({ part }) => part.neuron !== undefined)
		.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
	const table = page.getByRole("table", { name: "The 20 strongest neurons" });
	expect(await table.locator("tbody th").allInnerTexts()).toEqual(neurons.map(({ part }) => part.label));
	expectNear(
		await titles(table.locator("tbody td[title]")),
		neurons.map(({ value }) => value),
	);
	expect(complaints).toEqual([]);
	await page.close();
});

/** The numbers in full, which stand in the cells' titles. */
async function titles(cells: Locator): Promise<number[]> {
	const found = await Promise.all((await cells.all()).map((cell) => cell.getAttribute("title")));
	return found.map((text) => numberOf(text ?? ""));
}

test("a change that does not fit is left out of a reading and told, and the others act", async () => {
	const changes = [...CHANGES, { on: true, data: { kind: "scale", heads: ["0.9"], factor: 2 } }];
	const { page } = await openStudio(studio.browser, addressOf(studio.server.url, { view: "lens", changes }));
	await page.getByText('Left out of this reading: z of 0.9 times 2: heads[0]: no head "0.9"').waitFor();
	const { cache } = await model.runWithCache(PROMPT, { names: /hook_pattern$/ });
	const run = { interventions: INTERVENTIONS, donors: { clean: cache } };
	await expectLens(heatMap(page, /^Changed/), await logitLens(model, PROMPT, { top: 5, run }));
	await page.close();
});
