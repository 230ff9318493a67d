import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TorchRandom } from "../../src/random/index.js";
import {
	type Baseline,
	type DmmseInput,
	discreteTasks,
	dmmse,
	gaussianTasks,
	RegressionSequences,
	ridge,
} from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import { expectClose, type SmallConfig } from "./support.js";

/**
 * The references were solved in single precision, ours are in double: they differ by what single precision
 * loses in sums of squares and nearly singular systems, up to 1e-5 of the largest entry.
 */
const SINGLE = 1e-5;

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const wanted = await referenceTensors("icl", "small", folder, "baselines.safetensors");
	const { noise_variance: noiseVariance } = referenceJson<SmallConfig>(
		"icl",
		"small",
		folder,
		"config.json",
	).task_config;
	const tasks = inputs.get("tasks") as Tensor;

	it.each([
		["batch", "xs", "ys"],
		["pretrain", "pretrain_xs", "pretrain_ys"],
		["true", "true_xs", "true_ys"],
		["trick", "x_trick", "y_trick"],
	])("equals ridge and dMMSE of %s", (name, x, y) => {
		const data = { xs: inputs.get(x) as Tensor, ys: inputs.get(y) as Tensor, noiseVariance };
		for (const [kind, { predictions, weights }] of Object.entries({
			ridge: ridge(data),
			dmmse: dmmse({ ...data, tasks }),
		})) {
			expectClose(predictions, wanted.get(`${name}.${kind}_pred`), SINGLE, true);
			expectClose(weights, wanted.get(`${name}.${kind}_ws`), SINGLE, true);
		}
	});
});

describe.each(["m1", "m4", "m64", "m65536"])("evaluation data of %s", async (folder) => {
	const wanted = await referenceTensors("icl", "trained", folder, "fixed.safetensors");
	const { baseline_token_mse: errors } = referenceJson<{ baseline_token_mse: Record<string, number[]> }>(
		"icl",
		"trained",
		folder,
		"metrics.json",
	);
	const random = new TorchRandom(2);
	const prior = discreteTasks(Number(folder.slice(1)), 4, 1);
	const noiseVariance = 0.125;
	const tasks = prior.tasks as Tensor;
	const pretrain = new RegressionSequences(prior, noiseVariance).getBatch(8, 2048, random);
	const truth = new RegressionSequences(gaussianTasks(4), noiseVariance).getBatch(8, 2048, random);

	it.each([
		["pretrain", pretrain],
		["true", truth],
	] as const)("%s: has the first sequences and the errors of all", (name, { xs, ys }) => {
		const first = { xs: xs.slice(0, 0, 8), ys: ys.slice(0, 0, 8), noiseVariance };
		expectClose(first.xs, wanted.get(`${name}_xs`), 1e-6);
		expectClose(first.ys, wanted.get(`${name}_ys`), 1e-6);
		expectClose(ridge(first).predictions, wanted.get(`${name}_ridge`), SINGLE, true);
		expectClose(dmmse({ ...first, tasks }).predictions, wanted.get(`${name}_dmmse`), SINGLE, true);
		expectErrors(ridge({ xs, ys, noiseVariance }), ys, errors[`${name}/ridge`] as number[]);
		// the largest table takes seconds on all 2048 sequences
		if (tasks.size > 1000) return;
		expectErrors(dmmse({ xs, ys, tasks, noiseVariance }), ys, errors[`${name}/dmmse`] as number[]);
	});
});

/** Compares the mean squared error at each example. */
function expectErrors({ predictions }: Baseline, ys: Tensor, wanted: readonly number[]): void {
	for (const [k, error] of wanted.entries()) {
		let sum = 0;
		for (let b = 0; b < 2048; b++) sum += (predictions.at(b, k, 0) - ys.at(b, k, 0)) ** 2;
		expect(Math.abs(sum / 2048 - error)).toBeLessThanOrEqual(1e-5 * error);
	}
}

/** dMMSE word for word: for every k all sums anew, one softmax over all tasks. */
function naive({ xs, ys, tasks, noiseVariance }: DmmseInput): number[][][] {
	const [batch, examples, size] = xs.shape as [number, number, number];
	const all = Array.from({ length: tasks.shape[0] as number }, (_, m) =>
		Array.from({ length: size }, (_, d) => tasks.at(m, d)),
	);
	return Array.from({ length: batch }, (_, b) =>
		Array.from({ length: examples }, (_, k) => {
			const scores = all.map((w) => {
				let sum = 0;
				for (let j = 0; j < k; j++) {
					sum += (ys.at(b, j, 0) - w.reduce((y, wd, d) => y + wd * xs.at(b, j, d), 0)) ** 2;
				}
				return -sum / (2 * noiseVariance);
			});
			const most = Math.max(...scores);
			const weights = scores.map((score) => Math.exp(score - most));
			const total = weights.reduce((a, p) => a + p, 0);
			return Array.from({ length: size }, (_, d) =>
				all.reduce((sum, w, m) => sum + ((weights[m] as number) / total) * (w[d] as number), 0),
			);
		}),
	);
}

const problem = fc
	.record({
		seed: fc.nat(2 ** 31),
		batch: fc.integer({ min: 1, max: 4 }),
		examples: fc.integer({ min: 1, max: 7 }),
		size: fc.integer({ min: 1, max: 5 }),
		count: fc.integer({ min: 1, max: 60 }),
		noiseVariance: fc.constantFrom(0.01, 0.125, 1, 100),
		shift: fc.constantFrom(0, 0, 10, 1e4),
	})
	.map(({ seed, batch, examples, size, count, noiseVariance, shift }) => {
		const prior = discreteTasks(count, size, seed);
		const { xs, ys } = new RegressionSequences(prior, noiseVariance).getBatch(
			examples,
			batch,
			new TorchRandom(seed + 1),
		);
		for (let i = 0; i < ys.size; i++) ys.data[i] = (ys.data[i] as number) + shift;
		return { xs, ys, noiseVariance, tasks: prior.tasks as Tensor<"float32"> };
	});

describe("dMMSE", () => {
	it("in one pass equals the sums made anew for every example", () => {
		fc.assert(
			fc.property(problem, fc.integer({ min: 1, max: 70 }), (input, chunkSize) => {
				const { weights } = dmmse({ ...input, chunkSize });
				expectClose(weights, Tensor.from(naive(input)), 1e-6);
			}),
		);
	});

	it("does not depend on the chunk size", () => {
		fc.assert(
			fc.property(problem, fc.integer({ min: 1, max: 70 }), (input, chunkSize) => {
				expectClose(dmmse({ ...input, chunkSize }).weights, dmmse(input).weights, 1e-6);
			}),
		);
	});

	it("with one task always has that task", () => {
		const prior = discreteTasks(1, 4, 1);
		const { xs, ys } = new RegressionSequences(prior, 1).getBatch(5, 3, new TorchRandom(1));
		const { weights } = dmmse({ xs, ys, tasks: prior.tasks as Tensor, noiseVariance: 1 });
		for (let i = 0; i < 15; i++) {
			expect(weights.data.subarray(i * 4, i * 4 + 4)).toEqual(prior.tasks?.data);
		}
	});

	it("without noise is the mean of the tasks that fit best", () => {
		const tasks = Tensor.from([
			[1, 0],
			[1, 5],
			[3, 0],
			[1, 5],
		]);
		const xs = Tensor.from([
			[
				[1, 0],
				[0, 1],
				[1, 1],
			],
		]);
		const ys = Tensor.from([[[1], [5], [0]]]);
		for (const chunkSize of [1, 2, 4]) {
			const { weights } = dmmse({ xs, ys, tasks, noiseVariance: 0, chunkSize });
			const wanted = Tensor.from([
				[
					[1.5, 2.5],
					[1, 10 / 3],
					[1, 5],
				],
			]);
			expectClose(weights, wanted, 1e-7);
		}
	});
});

describe("ridge", () => {
	it("solves the normal equations", () => {
		fc.assert(
			fc.property(problem, ({ xs, ys, noiseVariance }) => {
				const [batch, examples, size] = xs.shape as [number, number, number];
				const { weights, predictions } = ridge({ xs, ys, noiseVariance });
				for (let b = 0; b < batch; b++) {
					for (let k = 0; k < examples; k++) {
						// residual of (X^T X + noise I) w = X^T y, relative to the size of its terms
						for (let i = 0; i < size; i++) {
							let residual = noiseVariance * weights.at(b, k, i);
							let terms = Math.abs(residual);
							for (let j = 0; j < k; j++) {
								const x = xs.at(b, j, i);
								let y = 0;
								for (let d = 0; d < size; d++) {
									const term = xs.at(b, j, d) * weights.at(b, k, d);
									y += term;
									terms += Math.abs(x * term);
								}
								residual += x * (y - ys.at(b, j, 0));
								terms += Math.abs(x * ys.at(b, j, 0));
							}
							expect(Math.abs(residual)).toBeLessThanOrEqual(1e-6 * terms);
						}
					}
					expect(predictions.at(b, 0, 0)).toBe(0);
				}
			}),
		);
	});
});

describe("what is refused", () => {
	const [xs, ys, tasks] = [Tensor.zeros([2, 3, 4]), Tensor.zeros([2, 3, 1]), Tensor.zeros([5, 4])];
	const same = Tensor.full([1, 3, 2], 1e6, "float64");
	it.each<[string, () => unknown, RegExp]>([
		["ridge without noise", () => ridge({ xs, ys, noiseVariance: 0 }), /noise variance 0, allowed above 0/],
		[
			"noise lost in rounding",
			() => ridge({ xs: same, ys: Tensor.zeros([1, 3, 1]), noiseVariance: 1e-9 }),
			/lost in rounding at sequence 0/,
		],
		[
			"negative noise",
			() => dmmse({ xs, ys, tasks, noiseVariance: -1 }),
			/noise variance -1, allowed numbers from 0/,
		],
		["NaN as noise", () => ridge({ xs, ys, noiseVariance: Number.NaN }), /noise variance NaN/],
		[
			"ys of another length",
			() => ridge({ xs, ys: Tensor.zeros([2, 4, 1]), noiseVariance: 1 }),
			/ys \[2, 4, 1\], allowed/,
		],
		[
			"tasks of another size",
			() => dmmse({ xs, ys, tasks: Tensor.zeros([5, 3]), noiseVariance: 1 }),
			/tasks \[5, 3\] for xs \[2, 3, 4\], allowed \[1\.\.1048576, 4\]/,
		],
		["no tasks", () => dmmse({ xs, ys, tasks: Tensor.zeros([0, 4]), noiseVariance: 1 }), /tasks \[0, 4\]/],
		["chunks of none", () => dmmse({ xs, ys, tasks, noiseVariance: 1, chunkSize: 0 }), /chunk size: got 0/],
		[
			"infinite inputs",
			() => ridge({ xs: Tensor.full([2, 3, 4], Number.POSITIVE_INFINITY), ys, noiseVariance: 1 }),
			/xs: Infinity at \[0, 0, 0\]/,
		],
		[
			"targets with NaN",
			() => dmmse({ xs, ys: Tensor.full([2, 3, 1], Number.NaN), tasks, noiseVariance: 1 }),
			/ys: NaN at/,
		],
	])("%s", (_, act, message) => {
		expect(act).toThrow(message);
	});
});
