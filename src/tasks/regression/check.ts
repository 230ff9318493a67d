import type { Tensor } from "../../tensor/index.js";
import { TaskError } from "../samples.js";

/** Most tasks of a discrete distribution: the largest of the published sweeps. */
export const MAX_TASKS = 2 ** 20;

/** Extents of a batch of sequences. */
export interface BatchShape {
	readonly batch: number;
	/** Examples of a sequence. */
	readonly examples: number;
	/** Numbers of an input x, and of a task w. */
	readonly taskSize: number;
}

/**
 * The extents of xs [batch, example, task_size] and ys [batch, example, 1].
 * @throws {TaskError} that gives both shapes where they do not fit.
 */
export function batchShape(where: string, xs: Tensor, ys: Tensor): BatchShape {
	const [batch, examples, taskSize] = xs.shape;
	const fits = xs.shape.length === 3 && ys.shape.join() === [batch, examples, 1].join();
	if (!fits || batch === undefined || examples === undefined || taskSize === undefined) {
		throw new TaskError(
			`${where}: xs [${xs.shape.join(", ")}] and ys [${ys.shape.join(", ")}], ` +
				"allowed [batch, example, task_size] and [batch, example, 1]",
		);
	}
	return { batch, examples, taskSize };
}

/** @throws {TaskError} unless a tensor has exactly this shape. */
export function checkShape(where: string, tensor: Tensor, shape: readonly number[]): void {
	if (tensor.shape.join() !== shape.join()) {
		throw new TaskError(`${where}: shape [${tensor.shape.join(", ")}], allowed [${shape.join(", ")}]`);
	}
}

/** @throws {TaskError} unless a noise variance is a number from 0. */
export function checkNoise(where: string, noiseVariance: number): void {
	if (!(noiseVariance >= 0 && Number.isFinite(noiseVariance))) {
		throw new TaskError(`${where}: noise variance ${noiseVariance}, allowed numbers from 0`);
	}
}

/** @throws {TaskError} that says where the first entry stands which is NaN or infinite. */
export function checkFinite(where: string, tensor: Tensor): void {
	const { data, strides } = tensor;
	for (let i = 0; i < data.length; i++) {
		if (Number.isFinite(Number(data[i]))) continue;
		const index = strides.map((stride, axis) => Math.floor(i / stride) % (tensor.shape[axis] as number));
		throw new TaskError(`${where}: ${data[i]} at [${index.join(", ")}], allowed finite numbers`);
	}
}
