/** Each metric of a language model against its formula, computed on the host from the run's own logits and patterns. */
import { afterAll, describe, expect, test } from "vitest";
import { type Intervention, loadModel, type Tensor } from "../../src/index.js";
import {
	type MeasureOptions,
	type MetricData,
	measuring,
	parseMetric,
	readMetric,
} from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { scoreHeads } from "../../src/scores/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const model = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
const ids = [
	[5, 9, 23, 7, 5, 9, 23, 7],
	[3, 41, 11, 60, 3, 41, 11, 60],
	[90, 2, 2, 7, 90, 2, 2, 7],
];
const interventions: Intervention[] = [{ kind: "zero", heads: ["0.1", "1.3"], strength: 0.7 }];

/** Probabilities of the next token: [row][pos][token]. */
function probabilities({ data, shape }: Tensor): number[][][] {
	const [rows, length, vocab] = shape as [number, number, number];
	return Array.from({ length: rows }, (_, r) =>
		Array.from({ length }, (_, p) => {
			const logits = Array.from(
				data.subarray((r * length + p) * vocab, (r * length + p + 1) * vocab),
				Number,
			);
			const top = Math.max(...logits);
			const parts = logits.map((logit) => Math.exp(logit - top));
			const sum = parts.reduce((a, b) => a + b, 0);
			return parts.map((part) => part / sum);
		}),
	);
}

const clean = probabilities(await model.run(ids));
const changed = probabilities(await model.run(ids, { interventions }));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
type Rows = number[][][];
const distribution = (rows: Rows, r: number, at: number): number[] => rows[r]?.[at] as number[];
const p = (rows: Rows, r: number, at: number, token: number): number => rows[r]?.[at]?.[token] as number;
const loss = (rows: Rows, r: number, at: number): number =>
	-Math.log(p(rows, r, at, ids[r]?.[at + 1] as number));
const losses = (rows: Rows, r: number, positions: readonly number[]): number =>
	mean(positions.map((at) => loss(rows, r, at)));
/** The mean over positions of a distance between the distributions before and after. */
const apart = (rows: Rows, r: number, at: readonly number[], f: (p: number, q: number) => number): number =>
	mean(
		at.map((pos) => distribution(clean, r, pos).reduce((sum, one, t) => sum + f(one, p(rows, r, pos, t)), 0)),
	);
const kl = (one: number, other: number): number => one * Math.log(one / other);
const tv = (one: number, other: number): number => Math.abs(one - other) / 2;

const answers = [9, 41, 90];
const cases: [string | MetricData, MeasureOptions, (rows: Rows, r: number) => number][] = [
	["loss", {}, (rows, r) => losses(rows, r, [0, 1, 2, 3, 4, 5, 6])],
	["loss@2:5", {}, (rows, r) => losses(rows, r, [2, 3, 4])],
	["loss@-3:", {}, (rows, r) => losses(rows, r, [5, 6])],
	["loss@6", {}, (rows, r) => loss(rows, r, 6)],
	["induction-loss", { period: 4 }, (rows, r) => losses(rows, r, [4, 5, 6])],
	["in-context-score@1:6", {}, (rows, r) => loss(rows, r, 6) - loss(rows, r, 1)],
	[{ kind: "log-probability", answers }, {}, (rows, r) => Math.log(p(rows, r, 7, answers[r] as number))],
	[{ kind: "log-probability", answers: 9, position: 2 }, {}, (rows, r) => Math.log(p(rows, r, 2, 9))],
	[
		{ kind: "logit-difference", answers, wrong: 13 },
		{},
		(rows, r) => Math.log(p(rows, r, 7, answers[r] as number) / p(rows, r, 7, 13)),
	],
	[
		{ kind: "rank", answers },
		{},
		(rows, r) => distribution(rows, r, 7).filter((q) => q > p(rows, r, 7, answers[r] as number)).length,
	],
	["kl", {}, (rows, r) => apart(rows, r, [7], kl)],
	["kl@2:6", {}, (rows, r) => apart(rows, r, [2, 3, 4, 5], kl)],
	["total-variation", {}, (rows, r) => apart(rows, r, [7], tv)],
	["total-variation@0:", {}, (rows, r) => apart(rows, r, [0, 1, 2, 3, 4, 5, 6, 7], tv)],
];

test.each(cases)("%j is its formula, before and after a change", async (metric, options, formula) => {
	const measure = await measuring(model, metric, { ids, ...options });
	const [before, after] = [await readMetric(measure), await readMetric(measure, { interventions })];
	for (const r of ids.keys()) {
		expect(Math.abs((before[r] as number) - formula(clean, r))).toBeLessThan(2e-5);
		expect(Math.abs((after[r] as number) - formula(changed, r))).toBeLessThan(2e-5);
	}
});

test("kl and total variation of an unchanged run are exactly 0", async () => {
	for (const metric of ["kl@0:", "total-variation@0:"]) {
		expect([...(await readMetric(await measuring(model, metric, { ids })))]).toEqual([0, 0, 0]);
	}
});

describe("head-score", () => {
	test.each(["induction-repeat:second-copy", "previous-token", "copying", "entropy"])(
		"%s is what scoreHeads gives for that head, on the changed run too",
		async (score) => {
			const rows = { samples: 6, n: 9, seed: 4 };
			const scored = await scoreHeads(model, score, rows);
			const rescored = await scoreHeads(model, score, { ...rows, run: { interventions } });
			for (const [layer, head] of [
				[0, 2],
				[2, 1],
			] as const) {
				const measure = await measuring(model, `head-score:${score}@${layer}.${head}`, rows);
				expect(mean([...(await readMetric(measure))])).toBeCloseTo(scored.values[layer]?.[head] as number, 5);
				const after = mean([...(await readMetric(measure, { interventions }))]);
				expect(after).toBeCloseTo(rescored.values[layer]?.[head] as number, 5);
			}
		},
	);

	test("refuses heads, scores and rows that are none", async () => {
		const refused = (metric: string, options: MeasureOptions = {}) => measuring(model, metric, options);
		await expect(refused("head-score:induction@3.0")).rejects.toThrow('no head "3.0"; nearest: 2.0');
		await expect(refused("head-score:inductoin@1.0")).rejects.toThrow('no score "inductoin"');
		await expect(refused("head-score:induction")).rejects.toThrow("does not say enough");
		await expect(refused("head-score:induction@1.0", { ids: [[1, 2, 3]] })).rejects.toThrow(
			"row 0 has no position",
		);
	});
});

test("answers come from samples that ask for one, and only from those", async () => {
	const abxa = await measuring(model, "log-probability", { task: "abxa", samples: 4, n: 5 });
	const { input, mask } = abxa;
	const wanted = input.toNested() as number[][];
	const logits = probabilities(await model.run(input, mask ? { mask } : {}));
	for (const [r, value] of (await readMetric(abxa)).entries()) {
		const last = (abxa.metric.at as number[][])[r]?.[0] as number;
		const row = wanted[r] as number[];
		const b = row[row.indexOf(row[last] as number) + 1] as number;
		expect(Math.abs(value - Math.log(p(logits, r, last, b)))).toBeLessThan(2e-5);
	}
	await expect(measuring(model, "rank", { ids })).rejects.toThrow("rank: needs answers");
	await expect(measuring(model, "rank", { task: "repeat" })).rejects.toThrow("rank: needs answers");
});

test.each<[string, unknown, MeasureOptions, string]>([
	["no period", "induction-loss", { ids }, "needs rows of one repeated segment"],
	["rows without a second copy", "induction-loss", { ids, period: 8 }, "no token of a second copy"],
	["rows that end too early", "in-context-score", { ids }, "row 0 has 8 tokens, late 500 needs 502"],
	["late before early", "in-context-score@6:2", { ids }, "early 6 is not before late 2"],
	[
		"evaluator metrics",
		"pretrain/mse",
		{ ids },
		'"pretrain/mse" is of regression runs; this is a language model',
	],
])("refuses %s", async (_, metric, options, message) => {
	await expect(measuring(model, metric as string, options)).rejects.toThrow(message);
});

test("the short spellings mean data", () => {
	expect(parseMetric("mse")).toEqual({ kind: "evaluator", metric: "mse" });
	expect(parseMetric("true/mse/token/3")).toEqual({ kind: "evaluator", metric: "true/mse/token/3" });
	expect(parseMetric("loss@3:9")).toEqual({ kind: "loss", positions: [3, 9] });
	expect(parseMetric("loss@:9")).toEqual({ kind: "loss", positions: [0, 9] });
	expect(parseMetric("head-score:induction-repeat:second-copy@L5H1")).toEqual({
		kind: "head-score",
		score: "induction-repeat:second-copy",
		head: "L5H1",
	});
	for (const text of [
		"loss@",
		"loss:x",
		"pretrain/loss",
		"token",
		"true/mse_subseq",
		"",
		"@",
		"kl@1:2:3",
		"mse@3",
	]) {
		expect(() => parseMetric(text), text).toThrow(/^metric: /);
	}
});
