import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TorchRandom } from "../../src/random/index.js";
import {
	applyTransformations,
	basisBatch,
	basisInputs,
	decodePredictions,
	decodeTokens,
	discreteTasks,
	encodeTokens,
	fromTable,
	gaussianTasks,
	RegressionSequences,
	singletonTask,
	taskDistribution,
} from "../../src/tasks/regression/index.js";
import { allclose, Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import { expectClose, type SmallConfig } from "./support.js";

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const { task_config: config, batch_size: trainBatch } = referenceJson<SmallConfig>(
		"icl",
		"small",
		folder,
		"config.json",
	);
	const { num_tasks, task_size, max_examples, noise_variance } = config;
	const prior = discreteTasks(num_tasks, task_size, config.pretrain_seed);
	const pretrain = new RegressionSequences(prior, noise_variance);

	it("draws the tasks", () => {
		expectClose(prior.tasks, inputs.get("tasks"), 1e-6);
	});

	it("draws the batches of single seeds", () => {
		const batch = pretrain.getBatch(max_examples, 4, new TorchRandom(1000));
		for (const key of ["xs", "ys", "ws"] as const) expectClose(batch[key], inputs.get(key), 1e-6);
		for (let step = 1; step <= 5; step++) {
			const at = pretrain.getBatch(max_examples, 16, new TorchRandom(1999 + step));
			expectClose(at.xs, inputs.get(`step${step}_xs`), 1e-6);
			expectClose(at.ys, inputs.get(`step${step}_ys`), 1e-6);
		}
		const first = pretrain.getBatch(max_examples, trainBatch, new TorchRandom(config.sampling_seed));
		for (const key of ["xs", "ys", "ws"] as const) {
			expectClose(first[key].slice(0, 0, 4), inputs.get(`train_step0_${key}_head`), 1e-6);
		}
	});

	it("draws both evaluation batches one after the other", () => {
		const random = new TorchRandom(config.true_seed);
		const truth = new RegressionSequences(gaussianTasks(task_size), noise_variance);
		for (const [name, sequences] of Object.entries({ pretrain, true: truth })) {
			const batch = sequences.getBatch(max_examples, 64, random);
			for (const key of ["xs", "ys", "ws"] as const) {
				expectClose(batch[key], inputs.get(`${name}_${key}`), 1e-6);
			}
		}
	});

	it("makes the inputs along the axes", () => {
		const task = (inputs.get("tasks") as Tensor).select(0);
		const batch = basisBatch(task, max_examples, Math.sqrt(noise_variance), new TorchRandom(3000));
		expectClose(batch.xs, inputs.get("x_trick"), 0);
		expectClose(batch.ys, inputs.get("y_trick"), 1e-6);
	});

	it("encodes the tokens", () => {
		expectClose(
			encodeTokens(inputs.get("xs") as Tensor, inputs.get("ys") as Tensor),
			inputs.get("tokens"),
			0,
		);
	});
});

describe("task distributions", () => {
	const rows = referenceJson<Record<string, Record<string, number[][]>>>("icl", "random_streams.json")
		.tasks_by_count_seed_1_size_4_first_8_rows as Record<string, number[][]>;

	it.each(Object.keys(rows))("draw the table of %s tasks", (count) => {
		const { tasks } = discreteTasks(Number(count), 4, 1);
		expectClose(tasks?.slice(0, 0, 8), Tensor.from(rows[count] as number[][]), 1e-6);
	});

	it("draw discrete tasks from the table, evenly, and go on with the stream", () => {
		const random = new TorchRandom(5);
		const { tasks, sample } = discreteTasks(3, 2, random);
		const drawn = sample(random, 3000);
		const counts = [0, 1, 2].map(
			(m) =>
				Array.from({ length: 3000 }, (_, i) => drawn.at(i, 0)).filter((w) => w === tasks?.at(m, 0)).length,
		);
		expect(counts.reduce((a, b) => a + b)).toBe(3000);
		for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
	});

	it("take one task as it is and draw nothing for it", () => {
		const task = Tensor.from([0.5, -2, 3]);
		const random = new TorchRandom(2);
		expect(singletonTask(task).sample(random, 2).toNested()).toEqual([task.toNested(), task.toNested()]);
		expect(random.bits()).toBe(new TorchRandom(2).bits());
	});

	it("are Gaussian at inf", () => {
		const tasks = taskDistribution("inf", 3, 1);
		expect([tasks.numTasks, tasks.tasks]).toEqual(["inf", undefined]);
		expect(tasks.sample(new TorchRandom(8), 7)).toEqual(
			new Tensor("float32", [7, 3], new TorchRandom(8).normal(21)),
		);
	});
});

const counts = { batch: fc.integer({ min: 1, max: 9 }), size: fc.integer({ min: 1, max: 6 }) };
const seed = fc.nat(2 ** 31);

describe("batches", () => {
	it("are equal for equal seeds, and follow their task without noise", () => {
		fc.assert(
			fc.property(seed, counts.batch, counts.batch, counts.size, (from, batch, examples, size) => {
				const sequences = new RegressionSequences(discreteTasks(5, size, from), 0);
				const drawn = sequences.getBatch(examples, batch, new TorchRandom(from));
				expect(drawn).toEqual(sequences.getBatch(examples, batch, new TorchRandom(from)));
				for (let b = 0; b < batch; b++) {
					for (let k = 0; k < examples; k++) {
						let y = 0;
						for (let d = 0; d < size; d++) y += drawn.xs.at(b, k, d) * drawn.ws.at(b, d);
						expect(drawn.ys.at(b, k, 0)).toBeCloseTo(y, 5);
					}
				}
			}),
			{ numRuns: 30 },
		);
	});

	it("have the noise that was asked for", () => {
		const silent = applyTransformations(
			Tensor.zeros([2000, 2]),
			Tensor.zeros([2000, 8, 2]),
			0.5,
			new TorchRandom(1),
		);
		const variance = silent.data.reduce((sum, y) => sum + y * y, 0) / silent.size;
		expect(variance).toBeCloseTo(0.25, 2);
	});

	it("take tasks in any shape of the right size", () => {
		const xs = basisInputs(8, 4);
		const ws = Tensor.from([
			[1, 2, 3, 4, 1, 2, 3, 4],
			[1, 2, 3, 4, 1, 2, 3, 4],
		]);
		const ys = applyTransformations(ws, xs, 0, new TorchRandom(0));
		expect(ys.at(2, 7, 0)).toBe(21);
	});
});

describe("tokens", () => {
	it("hold a sequence and give it back", () => {
		fc.assert(
			fc.property(seed, counts.batch, counts.batch, counts.size, (from, batch, examples, size) => {
				const sequences = new RegressionSequences(gaussianTasks(size), 0.3);
				const { xs, ys } = sequences.getBatch(examples, batch, new TorchRandom(from));
				const decoded = decodeTokens(encodeTokens(xs, ys));
				expect(allclose(decoded.xs, xs, 0, 0) && allclose(decoded.ys, ys, 0, 0)).toBe(true);
			}),
			{ numRuns: 30 },
		);
	});

	it("carry the prediction of y at the token of its x", () => {
		const output = Tensor.from([
			[
				[1, 2, 3],
				[4, 5, 6],
				[7, 8, 9],
				[10, 11, 12],
			],
		]);
		const { xs, ys } = decodePredictions(output);
		expect(ys.toNested()).toEqual([[[1], [7]]]);
		expect(xs.toNested()).toEqual([
			[
				[5, 6],
				[11, 12],
			],
		]);
	});
});

describe("what is refused", () => {
	const random = new TorchRandom(0);
	const xs = Tensor.zeros([2, 3, 4]);
	it.each<[string, () => unknown, RegExp]>([
		["no tasks", () => discreteTasks(0, 4, 1), /number of tasks 0, allowed .* 1 to 1048576, or "inf"/],
		["too many tasks", () => discreteTasks(2 ** 20 + 1, 4, 1), /number of tasks 1048577/],
		["a task without numbers", () => gaussianTasks(0), /task size: got 0/],
		[
			"a table with NaN",
			() =>
				fromTable(
					Tensor.from([
						[1, 2],
						[3, Number.NaN],
					]),
				),
			/NaN at \[1, 1\]/,
		],
		["a table of one axis", () => fromTable(Tensor.from([1, 2])), /table of shape \[2\]/],
		[
			"a matrix as one task",
			() => singletonTask(Tensor.zeros([2, 2])),
			/shape \[2, 2\], allowed \[task_size\]/,
		],
		["negative noise", () => new RegressionSequences(gaussianTasks(2), -1), /noise variance -1/],
		[
			"a batch of none",
			() => new RegressionSequences(gaussianTasks(2), 1).getBatch(3, 0, random),
			/batch size: got 0/,
		],
		[
			"tasks that do not fit",
			() => applyTransformations(Tensor.zeros([2, 3]), xs, 1, random),
			/ws \[2, 3\] has 6 numbers/,
		],
		["a negative deviation", () => applyTransformations(Tensor.zeros([2, 4]), xs, -1, random), /std -1/],
		["ys without a last axis of one", () => encodeTokens(xs, Tensor.zeros([2, 3])), /ys \[2, 3\], allowed/],
		["an odd number of tokens", () => decodeTokens(Tensor.zeros([1, 3, 2])), /shape \[1, 3, 2\], allowed/],
	])("%s", (_, act, message) => {
		expect(act).toThrow(message);
	});
});
