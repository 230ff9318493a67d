/**
 * Every score of the registry, modes included: the graph gives what the host form gives, on random patterns
 * and inside a model; ideal heads score what they should; values lie in the declared range; nothing is
 * written to what a score is given.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import { loadCheckpoint } from "../../src/models/load-model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { type HeadScore, REGRESSION_SCORES, SCORES, scoreHeads } from "../../src/scores/index.js";
import { rowsOf } from "../../src/scores/row.js";
import { readUnembedding } from "../../src/scores/unembedding.js";
import { abxa, repeat, type Samples } from "../../src/tasks/index.js";
import { gaussianTasks, RegressionSequences, recall } from "../../src/tasks/regression/index.js";
import { Random, Tensor } from "../../src/tensor/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const VOCAB = 40;
const WIDTH = VOCAB;
/** Every token has a direction of its own. */
const unembedding = (ids: readonly number[]): Tensor<"float32"> => {
	const out = Tensor.zeros([ids.length, WIDTH]);
	for (const [i, id] of ids.entries()) out.data[i * WIDTH + id] = 1;
	return out;
};

const range = { low: 2, high: VOCAB, bosId: 1 };
const tasks = {
	abxa: abxa({ ...range, n: 5, depth: [0, 3] }),
	repeat: repeat({ ...range, n: 6 }),
	"repeat-4": repeat({ ...range, n: 4, times: 4 }),
	random: repeat({ ...range, n: 9, times: 1 }),
	recall: recall(new RegressionSequences(gaussianTasks(3), 0.25), 5),
};
const samplesOf = (score: HeadScore, seed: number): Samples => tasks[score.samples].draw(new Random(seed), 3);

const withModes = (scores: readonly HeadScore[]): HeadScore[] =>
	scores.flatMap((score) => [score, ...Object.values(score.modes ?? {})]);
const ALL = [
	...withModes(SCORES).map((score) => [score.name, score] as const),
	...withModes(REGRESSION_SCORES).map((score) => [`${score.name} of regression runs`, score] as const),
];

/** Random causal patterns [batch, head, query, key] behind padding, and results [batch, pos, head, d_model]. */
function randomPoints(
	seed: number,
	batch: number,
	heads: number,
	length: number,
	pad = 0,
): Record<string, Tensor> {
	const random = new Random(seed);
	const pattern: Tensor<"float32"> = Tensor.zeros([batch, heads, length, length]);
	for (let row = 0; row < batch * heads * length; row++) {
		const q = row % length;
		const weights = Array.from({ length: q + 1 }, (_, k) => (k < pad ? 0 : random.uniform() ** 4));
		const sum = weights.reduce((a, b) => a + b, 0);
		for (const [k, w] of weights.entries()) pattern.data[row * length + k] = sum > 0 ? w / sum : 0;
	}
	const result = Tensor.zeros([batch, length, heads, WIDTH]);
	for (let i = 0; i < result.size; i++) result.data[i] = random.normal();
	return { pattern, result };
}

/** The graph form, on the host's kernels. */
function viaGraph(score: HeadScore, points: Record<string, Tensor>, feeds: Record<string, Tensor>): Tensor {
	const heads = points.pattern?.shape[1] as number;
	const shapes: Record<string, (number | string)[]> = {
		pattern: ["batch", heads, "pos", "pos"],
		result: ["batch", "pos", heads, WIDTH],
	};
	const value = score.graph(
		(point) => ops.input(point, "float32", shapes[point] as (number | string)[]),
		ops,
	);
	return evaluate(graphOf({ value }), { ...points, ...feeds }).get("value") as Tensor;
}

function farthest(a: Tensor, b: Tensor): number {
	expect(a.shape).toEqual(b.shape);
	return Math.max(...Array.from(a.data as Float32Array, (x, i) => Math.abs(x - Number(b.data[i]))));
}

describe.each(ALL)("%s", (_, score) => {
	test("graph and host agree on random patterns, within the declared range, and write to nothing", () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), (seed: number, padded: boolean) => {
				const plain = samplesOf(score, seed);
				// padding on the left, as tokenizers of generation batches make it
				const samples: Samples = padded
					? {
							...plain,
							ids: plain.ids.map((row) => [0, 0, ...row]),
							mask: plain.ids.map((row) => [0, 0, ...row.map(() => 1)]),
						}
					: plain;
				const rows = rowsOf(samples);
				const feeds = { ...score.feeds(rows, unembedding) };
				const points = randomPoints(seed, 3, 2, rows.length, padded ? 2 : 0);
				const before = JSON.stringify([points, feeds].map((t) => Object.values(t).map((x) => [...x.data])));
				const host = score.host((point) => points[point] as Tensor, feeds);
				expect(farthest(viaGraph(score, points, feeds), host)).toBeLessThan(1e-5);
				for (const value of host.data) {
					expect(value).toBeGreaterThanOrEqual(score.range[0] - 1e-6);
					expect(value).toBeLessThanOrEqual(score.range[1] + 1e-6);
				}
				const after = JSON.stringify([points, feeds].map((t) => Object.values(t).map((x) => [...x.data])));
				expect(after).toBe(before);
			}),
			{ numRuns: 12 },
		);
	});

	test("an ideal head scores what it should, 1 where that is the most; a uniform one scores the baseline", () => {
		const rows = rowsOf(samplesOf(score, 3));
		const feeds = { ...score.feeds(rows, unembedding) };
		const { points, score: best } = score.ideal(rows, unembedding);
		const found = score.host((point) => points[point] as Tensor, feeds);
		for (const value of found.data) expect(value).toBeLessThanOrEqual(score.range[1] + 1e-6);
		const mean = found.data.reduce((a, b) => a + b, 0) / found.size;
		expect(mean).toBeCloseTo(best, 5);
		if (score.range[1] === 1) expect(best).toBe(1);

		const length = rows.length;
		const random = randomPoints(1, rows.rows.length, 1, length);
		const uniform = Tensor.zeros([rows.rows.length, 1, length, length]);
		for (let i = 0; i < uniform.size; i++) {
			const [q, k] = [Math.floor(i / length) % length, i % length];
			uniform.data[i] = k <= q ? 1 / (q + 1) : 0;
		}
		const flat = score.host((point) => (point === "pattern" ? uniform : (random.result as Tensor)), feeds);
		const expected = rows.rows.reduce((sum, row) => sum + score.baseline(row), 0) / rows.rows.length;
		expect(flat.data.reduce((a, b) => a + b, 0) / flat.size).toBeCloseTo(expected, 5);
	});

	test.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5", "rand-gemma2", "rand-phi", "hooked-shortformer"])(
		"inside %s it is what its host form makes of the activations",
		async (name) => {
			await using model = await loadCheckpoint(await openCheckpoint(referencePath("lm", "models", name)), {
				engine,
			});
			const { nLayers, vocab } = model.config;
			const random = new Random(8);
			const segment = random.distinct(5, 3, vocab);
			const ids = [
				[...segment, ...segment],
				[...segment.slice(0, 4), ...segment.slice(0, 4)],
			];
			const period = ids.map((row) => row.length / 2);
			for (const [r, row] of ids.entries()) {
				const given = { ids: [row], period: period[r] as number };
				const { values } = await scoreHeads(model, score, given);
				const rows = rowsOf({ ...given, bos: row[0] === model.tokenizer?.bosId });
				const feeds = {
					...score.feeds(rows, score.needsUnembedding ? await readUnembedding(model) : undefined),
				};
				const names = [/hook_pattern$/, /hook_result$/];
				const { cache } = await model.runWithCache([row], { names });
				for (let l = 0; l < nLayers; l++) {
					const behind = `blocks.${l}.ln1_post.w`;
					const gain = model.usualWeights().has(behind) ? await model.matrix(behind) : undefined;
					// a norm between heads and stream counts with its weight
					const at = (point: string): Tensor<"float32"> => {
						const { shape, data } = cache.get(point, l);
						if (point !== "result" || !gain) return cache.get(point, l);
						return new Tensor(
							"float32",
							shape,
							data.map((v, i) => v * gain.at(i % gain.size)),
						);
					};
					const host = score.host(at, feeds);
					expect(farthest(Tensor.from([values[l] as number[]]), host)).toBeLessThan(1e-5);
				}
			}
		},
	);
});

test("names are one to a score, and an unknown one is told the choices", async () => {
	expect(new Set(ALL.map(([name]) => name)).size).toBe(ALL.length);
	await using model = await loadCheckpoint(await openCheckpoint(referencePath("lm", "models", "rand-gpt2")), {
		engine,
	});
	await expect(scoreHeads(model, "inducton")).rejects.toThrow(/no score "inducton", allowed: induction, /);
	await expect(scoreHeads(model, "induction:x")).rejects.toThrow(/no mode "x", it has none/);
});
