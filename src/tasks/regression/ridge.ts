import { TaskError } from "../samples.js";
import { type Baseline, type BaselineInput, checkBaselineInput, fromWeights } from "./baseline.js";

/**
 * Ridge regression, the Bayes-optimal predictor where tasks come from N(0, I):
 * w_k = (X^T X + noise variance * I)^-1 X^T y over the k examples before (Raventos et al. 2023, section 2).
 * w_0 is 0. Solved by Cholesky factors in double precision.
 * @throws {TaskError} for shapes that do not fit and numbers that are not finite; for a noise variance of 0,
 * where fewer examples than coordinates leave w_k open, and for one so small that rounding leaves it open.
 */
export function ridge(input: BaselineInput): Baseline {
	const { xs, ys, noiseVariance } = input;
	const { batch, examples, taskSize: size } = checkBaselineInput("ridge", input);
	if (noiseVariance === 0) {
		throw new TaskError("ridge: noise variance 0, allowed above 0 (without noise the system is singular)");
	}
	const weights = new Float64Array(batch * examples * size);
	const gram = new Float64Array(size * size); // X^T X + noise variance * I, lower triangle
	const moment = new Float64Array(size); // X^T y
	const factor = new Float64Array(size * size);
	for (let b = 0; b < batch; b++) {
		gram.fill(0);
		moment.fill(0);
		for (let d = 0; d < size; d++) gram[d * size + d] = noiseVariance;
		for (let k = 0; k + 1 < examples; k++) {
			const row = (b * examples + k) * size;
			const y = Number(ys.data[b * examples + k]);
			for (let i = 0; i < size; i++) {
				const x = Number(xs.data[row + i]);
				moment[i] = (moment[i] as number) + x * y;
				for (let j = 0; j <= i; j++) {
					gram[i * size + j] = (gram[i * size + j] as number) + x * Number(xs.data[row + j]);
				}
			}
			if (!factorise(gram, factor, size)) {
				throw new TaskError(
					`ridge: noise variance ${noiseVariance} is lost in rounding at sequence ${b}, example ${k + 1}`,
				);
			}
			solve(factor, moment, weights.subarray(row + size, row + 2 * size));
		}
	}
	return fromWeights(xs, weights);
}

/** The lower triangle L of matrix = L L^T (Cholesky); false where the matrix is not positive definite. */
function factorise(matrix: Float64Array, factor: Float64Array, size: number): boolean {
	for (let i = 0; i < size; i++) {
		for (let j = 0; j <= i; j++) {
			let sum = matrix[i * size + j] as number;
			for (let k = 0; k < j; k++) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
			if (i === j && !(sum > 0)) return false;
			factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / (factor[j * size + j] as number);
		}
	}
	return true;
}

/** Writes the solution of L L^T out = right. */
function solve(factor: Float64Array, right: Float64Array, out: Float64Array): void {
	const size = right.length;
	for (let i = 0; i < size; i++) {
		let sum = right[i] as number;
		for (let j = 0; j < i; j++) sum -= (factor[i * size + j] as number) * (out[j] as number);
		out[i] = sum / (factor[i * size + i] as number);
	}
	for (let i = size - 1; i >= 0; i--) {
		let sum = out[i] as number;
		for (let j = i + 1; j < size; j++) sum -= (factor[j * size + i] as number) * (out[j] as number);
		out[i] = sum / (factor[i * size + i] as number);
	}
}
