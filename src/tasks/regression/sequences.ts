import type { TorchRandom } from "../../random/index.js";
import { Tensor } from "../../tensor/index.js";
import { checkCount, TaskError } from "../samples.js";
import { checkNoise } from "./check.js";
import type { TaskDistribution } from "./task-distribution.js";

/** Sequences of examples, float32. */
export interface RegressionBatch {
	/** Inputs [batch, example, task_size]. */
	readonly xs: Tensor<"float32">;
	/** Targets [batch, example, 1]. */
	readonly ys: Tensor<"float32">;
	/** The task of each sequence [batch, task_size]. */
	readonly ws: Tensor<"float32">;
}

/**
 * Sequences of noisy linear regression: each has one task w, inputs x from N(0, I) and targets
 * y = x . w + e with e from N(0, noise variance). The setting of Raventos et al. 2023.
 */
export class RegressionSequences {
	/**
	 * @param prior where each sequence's task comes from
	 * @param noiseVariance of the targets
	 * @throws {TaskError} unless the noise variance is a number from 0
	 */
	constructor(
		readonly prior: TaskDistribution,
		readonly noiseVariance: number,
	) {
		checkNoise("sequences", noiseVariance);
	}

	/**
	 * Draws tasks, then inputs, then noise, in this order.
	 * @throws {TaskError} for counts below 1.
	 */
	getBatch(numExamples: number, batchSize: number, random: TorchRandom): RegressionBatch {
		checkCount("getBatch: number of examples", numExamples);
		checkCount("getBatch: batch size", batchSize);
		const { taskSize } = this.prior;
		const ws = this.prior.sample(random, batchSize);
		const inputs = random.normal(batchSize * numExamples * taskSize);
		const xs = new Tensor("float32", [batchSize, numExamples, taskSize], inputs);
		return { xs, ys: applyTransformations(ws, xs, Math.sqrt(this.noiseVariance), random), ws };
	}
}

/**
 * The targets y = x . w + e of given inputs [batch, example, task_size], e drawn from N(0, std): [batch, example, 1].
 * @param ws a task for each sequence: batch * task_size numbers, in any shape
 * @param std standard deviation of the noise, not its variance; with 0 there is none, but the stream moves on
 * @throws {TaskError} for inputs of another rank and tasks that do not fit.
 */
export function applyTransformations(
	ws: Tensor,
	xs: Tensor,
	std: number,
	random: TorchRandom,
): Tensor<"float32"> {
	const [batch, examples, size] = xs.shape;
	if (batch === undefined || examples === undefined || size === undefined || xs.shape.length !== 3) {
		throw new TaskError(
			`applyTransformations: xs [${xs.shape.join(", ")}], allowed [batch, example, task_size]`,
		);
	}
	if (ws.size !== batch * size) {
		throw new TaskError(
			`applyTransformations: ws [${ws.shape.join(", ")}] has ${ws.size} numbers, ` +
				`but xs [${xs.shape.join(", ")}] needs ${batch} tasks of ${size}`,
		);
	}
	if (!(std >= 0)) throw new TaskError(`applyTransformations: std ${std}, allowed numbers from 0`);
	const ys = random.normal(batch * examples, 0, std);
	for (let i = 0; i < ys.length; i++) {
		const w = Math.floor(i / examples) * size;
		let y = 0;
		for (let d = 0; d < size; d++) y += Number(xs.data[i * size + d]) * Number(ws.data[w + d]);
		ys[i] = Math.fround(y) + (ys[i] as number);
	}
	return new Tensor("float32", [batch, examples, 1], ys);
}

/**
 * Inputs along the axes, to see what a model does with each coordinate: sequence i has the number k as
 * coordinate i of example k (k = 0, 1, ...), and 0 elsewhere. Shape [task_size, example, task_size].
 * @throws {TaskError} for counts below 1.
 */
export function basisInputs(numExamples: number, taskSize: number): Tensor<"float32"> {
	checkCount("basisInputs: number of examples", numExamples);
	checkCount("basisInputs: task size", taskSize);
	const xs = Tensor.zeros([taskSize, numExamples, taskSize]);
	for (let i = 0; i < taskSize; i++) {
		for (let k = 0; k < numExamples; k++) xs.data[(i * numExamples + k) * taskSize + i] = k;
	}
	return xs;
}

/**
 * `basisInputs` with targets of one task in every sequence: y = k w_i + e in sequence i.
 * @param task the task, task_size numbers
 * @throws {TaskError} for counts below 1 and a negative standard deviation.
 */
export function basisBatch(
	task: Tensor,
	numExamples: number,
	std: number,
	random: TorchRandom,
): RegressionBatch {
	const size = task.size;
	const xs = basisInputs(numExamples, size);
	const ws = new Tensor("float32", [size, size], new Float32Array(size * size));
	for (let i = 0; i < size; i++) ws.data.set(task.to("float32").data, i * size);
	return { xs, ys: applyTransformations(ws, xs, std, random), ws };
}
