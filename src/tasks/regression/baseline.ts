import { Tensor } from "../../tensor/index.js";
import { TaskError } from "../samples.js";
import { type BatchShape, batchShape, checkFinite, checkNoise } from "./check.js";

/** What a baseline knows and is asked: it predicts y_k from x_k and the k examples before it. */
export interface BaselineInput {
	/** Inputs [batch, example, task_size]. */
	readonly xs: Tensor;
	/** Targets [batch, example, 1]. */
	readonly ys: Tensor;
	/** Variance of the noise in y. */
	readonly noiseVariance: number;
}

/** What a baseline predicts, float32. */
export interface Baseline {
	/** The prediction of y_k, x_k . w_k: [batch, example, 1]. */
	readonly predictions: Tensor<"float32">;
	/** w_k, estimated from the k examples before: [batch, example, task_size]. */
	readonly weights: Tensor<"float32">;
}

/** @throws {TaskError} for shapes that do not fit, numbers that are not finite, negative noise. */
export function checkBaselineInput(where: string, { xs, ys, noiseVariance }: BaselineInput): BatchShape {
	const shape = batchShape(where, xs, ys);
	if (shape.taskSize === 0) throw new TaskError(`${where}: task size 0, allowed from 1`);
	checkNoise(where, noiseVariance);
	checkFinite(`${where}: xs`, xs);
	checkFinite(`${where}: ys`, ys);
	return shape;
}

/** A baseline from its estimates w_k, [batch, example, task_size] in double precision. */
export function fromWeights(xs: Tensor, weights: Float64Array): Baseline {
	const [batch, examples, size] = xs.shape as [number, number, number];
	const predictions = Tensor.zeros([batch, examples, 1]);
	for (let i = 0; i < predictions.size; i++) {
		let y = 0;
		for (let j = i * size; j < (i + 1) * size; j++) y += Number(xs.data[j]) * (weights[j] as number);
		predictions.data[i] = y;
	}
	return { predictions, weights: new Tensor("float32", xs.shape, Float32Array.from(weights)) };
}
