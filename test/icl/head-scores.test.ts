import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { HookFn } from "../../src/graph/trace.js";
import type { Value } from "../../src/graph/value.js";
import {
	type RegressionConfig,
	RegressionModel,
	regressionConfig,
} from "../../src/models/regression/index.js";
import { TorchRandom } from "../../src/random/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import {
	detectHead,
	exampleRow,
	type HeadScore,
	type HeadScores,
	REGRESSION_SCORES,
	type RegressionHeads,
	SCORES,
	scoreHeads,
	scorePatterns,
} from "../../src/scores/index.js";
import {
	discreteTasks,
	type EvaluationBatch,
	fromTable,
	PATTERN_SCORES,
	queryScores,
	RegressionSequences,
	recall,
	recallTokens,
} from "../../src/tasks/regression/index.js";
import { Random, Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import type { SmallConfig } from "./support.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const NAMES = REGRESSION_SCORES.map(({ name }) => name);

interface Reference extends RegressionHeads {
	readonly config: RegressionConfig;
	readonly state: ReadonlyMap<string, Tensor>;
}

/** A small configuration's model, with the sequences it was trained on. */
async function reference(folder: string): Promise<Reference> {
	const { task_config } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const config = regressionConfig(task_config);
	const model = await RegressionModel.fromStateDict(config, weights, { engine });
	const tasks = fromTable(inputs.get("tasks") as Tensor);
	return {
		config,
		model,
		state: weights,
		pretrainDist: new RegressionSequences(tasks, task_config.noise_variance),
	};
}

/**
 * A hook that makes every head look things up by hand: a token attends to what follows its equal before, and to
 * itself where there is none.
 */
const lookUp: HookFn = (pattern, g) => {
	const [batch, , pos] = pattern.shape as [number, number, number, number];
	const width = 5;
	const tokens = g.input("tokens", "float32", [batch, pos, width]);
	const squares = g.sum(g.mul(tokens, tokens), -1); // [batch, pos, 1]
	const products = g.matmul(tokens, tokens, { transposeB: true });
	const distances = g.sub(g.add(squares, g.transpose(squares, [0, 2, 1])), g.mul(products, 2));
	const [shift, own, later] = [
		[pos, pos],
		[pos, pos],
		[pos, pos],
	].map((shape) => Tensor.zeros(shape));
	for (let q = 0; q < pos; q++) {
		for (let k = q; k < pos; k++) (later as Tensor).data[q * pos + k] = 1e9;
		(own as Tensor).data[q * pos + q] = 1;
		if (q + 1 < pos) (shift as Tensor).data[q * pos + q + 1] = 1;
	}
	// 1e-3 is nearer than any other token and farther than an equal one
	const logits = g.mul(g.add(distances, g.constant(later as Tensor)), -1e5);
	const self = g.add(g.mul(g.sum(logits, -1), 0), -1e5 * 1e-3);
	const shares = g.softmax(g.concat([logits, self], -1));
	const [found, none] = g.split(shares, -1, [pos, 1]) as [Value, Value];
	const made = g.add(g.matmul(found, g.constant(shift as Tensor)), g.mul(none, g.constant(own as Tensor)));
	return g.add(g.mul(pattern, 0), g.unsqueeze(made, 1));
};

/** A model whose heads of block 0 stand in another order: head h is what head order[h] was. */
function permuted(
	{ config, model }: RegressionModel,
	order: readonly number[],
	state: ReadonlyMap<string, Tensor>,
): Promise<RegressionModel> {
	const name = "token_sequence_transformer.blocks.0.attention.attention.weight";
	const weight = state.get(name) as Tensor<"float32">;
	const size = weight.size / order.length;
	const data = Float32Array.from(
		order.flatMap((from) => [...weight.data.subarray(from * size, (from + 1) * size)]),
	);
	const moved = new Map([...state, [name, new Tensor("float32", weight.shape, data)] as const]);
	return RegressionModel.fromStateDict(config, moved, { engine, name: model.name });
}

/** Sequences whose last x is that of example 1, and the pattern of a head that looks it up. */
function repeating(run: Reference): EvaluationBatch & { readonly pattern: Tensor } {
	const { maxExamples: k, taskSize: d } = run.config;
	const { xs, ys } = run.pretrainDist.getBatch(k, 3, new TorchRandom(4));
	for (let b = 0; b < 3; b++) {
		const x = xs.data.slice((b * k + 1) * d, (b * k + 2) * d);
		xs.data.set(x, (b * k + k - 1) * d);
	}
	const pattern = Tensor.zeros([2 * k, 2 * k]);
	pattern.data[(2 * k - 2) * 2 * k + 3] = 1;
	return { xs, ys, pattern };
}

describe("recall", () => {
	it("rows are examples of one task and end in the token of an earlier x", () => {
		fc.assert(
			fc.property(fc.nat(2 ** 31), fc.integer({ min: 1, max: 7 }), (seed, n) => {
				const tasks = discreteTasks(3, 4, 1);
				const noiseless = new RegressionSequences(tasks, 0);
				const samples = recall(noiseless, n).draw(new Random(seed), 3);
				const tokens = recallTokens(samples.ids, samples);
				expect(tokens.shape).toEqual([3, 2 * n + 1, 5]);
				for (const [r, row] of samples.ids.entries()) {
					const token = (p: number): number[] => [...tokens.select(r).select(p).data];
					const last = row.at(-1) as number;
					expect(last % 2).toBe(0);
					expect(token(2 * n)).toEqual(token(last));
					expect(new Set(row).size).toBe(2 * n);
					const fits = Array.from({ length: 3 }, (_, task) =>
						Array.from({ length: n }, (__, k) => {
							const [, ...x] = token(2 * k);
							const w = tasks.tasks?.select(task).data as Float32Array;
							const [y, ...rest] = token(2 * k + 1);
							expect(rest).toEqual([0, 0, 0, 0]);
							return Math.abs(x.reduce((sum, v, d) => sum + v * (w[d] as number), 0) - (y as number));
						}).every((error) => error < 1e-5),
					);
					expect(fits.some(Boolean)).toBe(true);
				}
			}),
			{ numRuns: 25 },
		);
	});

	it("rows do not depend on how many are drawn at a time", () => {
		const task = recall(new RegressionSequences(discreteTasks(4, 4, 1), 0.125), 5);
		const [all, some] = [new Random(9), new Random(9)];
		const whole = task.draw(all, 6);
		const parts = [1, 3, 2].map((count) => task.draw(some, count));
		expect(parts.flatMap(({ ids }) => [...ids])).toEqual(whole.ids);
		expect(parts.flatMap(({ vectors }) => [...vectors.data])).toEqual([...whole.vectors.data]);
	});

	it("every earlier x comes again about as often", () => {
		const { ids } = recall(new RegressionSequences(discreteTasks(4, 1, 1), 0.125), 4).draw(
			new Random(1),
			400,
		);
		const counts = [0, 2, 4, 6].map((id) => ids.filter((row) => row.at(-1) === id).length);
		expect(counts.reduce((a, b) => a + b)).toBe(400);
		for (const count of counts) expect(count).toBeGreaterThan(70);
	});
});

describe.each(referenceFolders("icl", "small"))("heads of %s", async (folder) => {
	const run = await reference(folder);
	const { nLayers, nHeads, maxExamples } = run.config;
	const options = { samples: 12, seed: 3 };

	it("score what their patterns on the rows and on the controls say", async () => {
		const found = await scoreHeads(run, NAMES, options);
		const n = maxExamples - 1;
		const random = new Random(options.seed);
		const samples = recall(run.pretrainDist, n).draw(random, options.samples);
		const patternsOf = async (ids: readonly (readonly number[])[]): Promise<Tensor[]> => {
			const { cache } = await run.model.model.runWithCache(recallTokens(ids, samples), { logits: false });
			return Array.from({ length: nLayers }, (_, l) => cache.get("pattern", l));
		};
		const patterns = await patternsOf(samples.ids);
		const controls = await patternsOf(samples.ids.map((row) => [...row.slice(0, -1), 2 * n]));
		const mean = (at: (r: number) => number): number =>
			samples.ids.reduce((sum, _, r) => sum + at(r) / samples.ids.length, 0);
		const last = 2 * n;
		for (let l = 0; l < nLayers; l++) {
			const [p, c] = [patterns[l], controls[l]] as [Tensor, Tensor];
			for (let h = 0; h < nHeads; h++) {
				const again = (r: number): number => samples.ids[r]?.at(-1) as number;
				const at = (name: string): [number, number] => {
					const { values, control } = found.get(name) as HeadScores;
					return [values[l]?.[h] as number, control?.[l]?.[h] as number];
				};
				const [induction, fresh] = at("induction");
				expect(induction).toBeCloseTo(
					mean((r) => p.at(r, h, last, again(r) + 1)),
					5,
				);
				expect(fresh).toBeCloseTo(
					mean((r) => c.at(r, h, last, again(r) + 1)),
					5,
				);
				const [duplicate, other] = at("duplicate-token");
				expect(duplicate).toBeCloseTo(
					mean((r) => p.at(r, h, last, again(r))),
					5,
				);
				expect(other).toBeCloseTo(
					mean((r) => c.at(r, h, last, again(r))),
					5,
				);
				const [previous, none] = at("previous-token");
				const pairs = Array.from({ length: n }, (_, k) => mean((r) => p.at(r, h, 2 * k + 1, 2 * k)));
				expect(previous).toBeCloseTo(pairs.reduce((a, b) => a + b) / n, 5);
				expect(none).toBeUndefined();
			}
		}
	});

	it("lie in [0, 1]; lift is score less control; equal options give equal scores in any chunks", async () => {
		const found = await scoreHeads(run, NAMES, options);
		const inPieces = await scoreHeads(run, NAMES, { ...options, memory: 1 });
		for (const [name, { values, control, ranking }] of found) {
			const others = inPieces.get(name) as HeadScores;
			for (const [l, row] of values.entries()) {
				for (const [h, value] of row.entries()) {
					expect(value).toBeGreaterThanOrEqual(0);
					expect(value).toBeLessThanOrEqual(1);
					expect(others.values[l]?.[h]).toBeCloseTo(value, 5);
					if (control) expect(others.control?.[l]?.[h]).toBeCloseTo(control[l]?.[h] as number, 5);
				}
			}
			for (const { score, control: fresh, lift, low, high } of ranking) {
				if (fresh !== undefined) expect(lift).toBeCloseTo(score - fresh, 6);
				expect((low as number) <= (lift ?? score) && (lift ?? score) <= (high as number)).toBe(true);
			}
		}
		const other = await scoreHeads(run, "induction", { ...options, seed: 4 });
		expect(other.values).not.toEqual(found.get("induction")?.values);
	});

	it("move with the heads when these are put in another order", async () => {
		const order = Array.from({ length: nHeads }, (_, h) => (h + 1) % nHeads);
		const moved = await scoreHeads(
			{ ...run, model: await permuted(run.model, order, run.state) },
			["induction", "previous-token"],
			options,
		);
		const plain = await scoreHeads(run, ["induction", "previous-token"], options);
		for (const [name, { values }] of plain) {
			// without an output projection what later blocks read has moved too
			for (const [at, from] of order.entries()) {
				expect(moved.get(name)?.values[0]?.[at]).toBeCloseTo(values[0]?.[from] as number, 5);
			}
		}
	});

	it("that look things up by hand score 1, and nothing where the x is fresh", async () => {
		const run4 = { hooks: [[/hook_pattern$/, lookUp]] as const, concrete: true };
		const found = await scoreHeads(run, NAMES, { ...options, run: run4 });
		const { values, control, ranking } = found.get("induction") as HeadScores;
		for (const value of values.flat()) expect(value).toBeCloseTo(1, 4);
		for (const value of control?.flat() ?? []) expect(value).toBeCloseTo(0, 4);
		expect(ranking[0]?.lift).toBeCloseTo(1, 4);
		for (const value of found.get("duplicate-token")?.values.flat() ?? []) expect(value).toBeCloseTo(0, 4);
	});

	it("have the spec's scores of patterns", async () => {
		const found = await scorePatterns(run, { samples: 5, seed: 8 });
		const { xs, ys } = run.pretrainDist.getBatch(maxExamples, 5, new TorchRandom(8));
		const { cache } = await run.model.runWithCache(xs, ys);
		for (let l = 0; l < nLayers; l++) {
			for (const [h, scores] of queryScores(cache.get("pattern", l)).entries()) {
				for (const name of PATTERN_SCORES) {
					const mean = scores[name].reduce((a, b) => a + b, 0) / scores[name].length;
					expect(found.get(name)?.values[l]?.[h], name).toBeCloseTo(mean, 6);
				}
			}
		}
		// even attention to 2K - 1 tokens
		const tokens = 2 * maxExamples - 1;
		const self = Array.from({ length: tokens }, (_, q) => 1 / (q + 1)).reduce((a, b) => a + b) / tokens;
		expect(found.get("self_attn")?.baseline).toBeCloseTo(self, 6);
		expect(found.get("variability")?.baseline).toBeCloseTo(0, 6);
	});

	it("are found by detectHead in sequences that repeat an x", async () => {
		const sequences = repeating(run);
		const named = await detectHead(run, sequences, "induction", { excludeBos: true });
		const custom = await detectHead(run, sequences, sequences.pattern, { excludeBos: true });
		expect([...named.data]).toEqual([...custom.data]);
		expect(Math.max(...named.data)).toBeGreaterThan(0);
	});
});

describe("bad input", async () => {
	const run = await reference("l2h4-m1");
	it.each([
		[{ n: 8 }, /n: 8 examples before one that comes again, allowed 1\.\.7 \(max_examples 8\)/],
		[{ n: 0 }, /n: 0 examples/],
		[{ samples: 0 }, /samples: got 0, allowed whole numbers from 1/],
		[{ text: "red" }, /text: is about token ids; the rows of a regression run are sequences/],
		[{ ids: [[1]] }, /ids: is about token ids/],
	])("%j is refused", async (options, message) => {
		await expect(scoreHeads(run, "induction", options)).rejects.toThrow(message);
	});

	it("scores of language models and of runs are kept apart", async () => {
		await expect(scoreHeads(run, "prefix-matching")).rejects.toThrow(
			/no score "prefix-matching", allowed: induction, previous-token, duplicate-token/,
		);
		const foreign = SCORES.find(({ samples }) => samples === "repeat") as HeadScore;
		await expect(scoreHeads(run, foreign)).rejects.toThrow(
			/repeat: samples of token ids; this is a regression run/,
		);
	});

	it("the first row is shown with its tokens' names, the repeated x under its own", () => {
		const { input, tokens } = exampleRow(run, "recall", { n: 3, seed: 1 });
		expect(tokens.slice(0, 6)).toEqual(["x0", "y0", "x1", "y1", "x2", "y2"]);
		expect(["x0", "x1", "x2"]).toContain(tokens[6]);
		const x = (input as Tensor).select(0);
		expect([...x.select(6).data]).toEqual([...x.select(tokens.indexOf(tokens[6] as string)).data]);
	});
});
