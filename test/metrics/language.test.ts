/** Metrics of language models against TransformerLens' numbers, and what they refuse. */
import { afterAll, describe, expect, test } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import {
	compareRows,
	type MeasureOptions,
	type MetricData,
	measuring,
	readMetric,
} from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const gpt2 = await load("tiny-gpt2-induction");
const llama = await load("tiny-llama-induction");
const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

interface Pair {
	answer: number;
	wrong: number;
	clean: number;
	corrupted: number;
	texts: [string, string] | [null, null];
}

describe.each([
	["tiny-gpt2-induction", gpt2, 0.12632586061954498],
	["tiny-llama-induction", llama, 0.1951426863670349],
] as const)("%s", async (name, model, secondCopy) => {
	const ablations = await referenceTensors("lm", "scores", name, "ablations.safetensors");
	const ids = (ablations.get("ablate.input_ids") as Tensor).toNested() as number[][];
	const n = ((ids[0]?.length as number) - 1) / 2;

	test("loss at the destinations that predict r_2..r_n of the second copy", async () => {
		// r_1 of the second copy stands at n + 1 behind the BOS and predicts r_2
		const measure = await measuring(model, { kind: "loss", positions: [n + 1, 2 * n] }, { ids });
		const before = await readMetric(measure);
		expect(mean(before)).toBeCloseTo(secondCopy, 5);
		const wanted = ablations.get("ablate.zero_change") as Tensor;
		const all = await measuring(model, "loss", { ids });
		const allBefore = await readMetric(all);
		for (const [layer, head] of [
			[0, 0],
			[1, 1],
		] as const) {
			const run = { interventions: [{ kind: "zero" as const, heads: [`${layer}.${head}`] }] };
			const found = compareRows(before, await readMetric(measure, run));
			expect(Math.abs(found.change - wanted.at(layer, head))).toBeLessThan(1e-3);
			expect(found.low).toBeLessThanOrEqual(found.change);
			expect(found.high).toBeGreaterThanOrEqual(found.change);
			const everywhere = compareRows(allBefore, await readMetric(all, run)).change;
			const reference = ablations.get("ablate.zero_change_all_positions") as Tensor;
			expect(Math.abs(everywhere - reference.at(layer, head))).toBeLessThan(1e-3);
		}
	});

	const pairs = Object.entries(referenceJson<Record<string, Pair>>("lm", "scores", name, "patching.json"));
	test.each(pairs)(
		"logit difference of the pair %s",
		async (pair, { answer, wrong, clean, corrupted, texts }) => {
			const patching = await referenceTensors("lm", "scores", name, "patching.safetensors");
			const rows = ["clean", "corrupted"].map(
				(which) =>
					((patching.get(`pair.${pair}.${which}_ids`) as Tensor).toNested() as number[][])[0] as number[],
			);
			const data = { kind: "logit-difference", answers: answer, wrong } as const;
			const values = await readMetric(await measuring(model, data, { ids: rows }));
			expect(values[0]).toBeCloseTo(clean, 4);
			expect(values[1]).toBeCloseTo(corrupted, 4);
			if (texts[0] === null) return;
			const asText = { kind: "logit-difference", answers: "Mary", wrong: "John" } as const;
			const prompts = await measuring(model, asText, { prompts: texts as string[], bos: true });
			expect([...(await readMetric(prompts))]).toEqual([...values]);
		},
	);

	test("padding changes nothing: rows of different length, padded left or right", async () => {
		const rows = [ids[0]?.slice(0, 20), ids[1]?.slice(0, 30)] as number[][];
		for (const data of [
			{ kind: "loss", positions: [-8, -3] },
			{ kind: "logit-difference", answers: [100, 101], wrong: 90, position: 12 },
		] as const) {
			const alone = await Promise.all(
				rows.map(async (row, r) => {
					const own = "answers" in data ? { ...data, answers: [data.answers[r] as number] } : data;
					return (await readMetric(await measuring(model, own, { ids: [row] })))[0];
				}),
			);
			const right = await readMetric(await measuring(model, data, { ids: rows }));
			const filler = Array<number>(10).fill(0);
			const left = await readMetric(
				await measuring(model, data, {
					ids: [[...filler, ...(rows[0] as number[])], rows[1] as number[]],
					mask: [[...filler, ...Array<number>(20).fill(1)], Array<number>(30).fill(1)],
				}),
			);
			for (const [r, value] of alone.entries()) {
				expect(right[r]).toBeCloseTo(value as number, 4);
				expect(left[r]).toBeCloseTo(value as number, 4);
			}
		}
	});
});

const row = [1, 30, 31, 32];
const difference = { kind: "logit-difference", answers: 5, wrong: 6 } as const;
test.each<[string, unknown, MeasureOptions, string]>([
	["an unknown kind", "lose", {}, 'metric: no metric "lose", allowed loss, induction-loss, in-context-score'],
	["a place that is none", "loss@last", {}, '"loss@last" does not say enough'],
	["no answers", "logit-difference", { ids: [row] }, "logit-difference"],
	["no wrong answers", { kind: "logit-difference", answers: 5 }, { ids: [row] }, "metric: needs wrong"],
	[
		"an unknown key",
		{ kind: "loss", position: 3 },
		{},
		'metric: unknown "position"; allowed kind, positions',
	],
	["no rows", difference, {}, "logit-difference: needs rows to be about: prompts, ids, text or task"],
	["rows from two places", "loss", { ids: [row], task: "repeat" }, "rows come from one of"],
	["answers for other rows", { ...difference, answers: [5, 6] }, { ids: [row] }, "2 answers for 1 row"],
	["an id outside", { ...difference, answers: 4000 }, { ids: [row] }, "no token 4000, allowed 0..255"],
	["equal answers", { ...difference, wrong: 5 }, { ids: [row] }, "the same token 5"],
	[
		"an answer of several tokens",
		{ ...difference, answers: "Mary John" },
		{ ids: [row] },
		'"Mary John" is 2 tokens: "Mary" (45), "John" (46)',
	],
	["a position outside", "loss@2:9", { ids: [row] }, "row 0: positions 2:9, allowed within its tokens 0:4"],
	[
		"the last position alone",
		"loss@-1",
		{ ids: [row] },
		"row 0: its position 3 is its last, which has no next token",
	],
])("refuses %s", async (_, metric, options, message) => {
	await expect(measuring(gpt2, metric as MetricData, options)).rejects.toThrow(message);
});
