import type { Tensor } from "../../tensor/index.js";
import { checkCount, TaskError } from "../samples.js";
import { type Baseline, type BaselineInput, checkBaselineInput, fromWeights } from "./baseline.js";
import { checkFinite, MAX_TASKS } from "./check.js";

export interface DmmseInput extends BaselineInput {
	/** The tasks [task, task_size]. */
	readonly tasks: Tensor;
	/** Tasks held at a time; it changes speed and memory, not the result. Default 1024. */
	readonly chunkSize?: number;
}

/** Tasks whose weight is below exp(-40) of the likeliest one's are left out: together 5e-12 at most. */
const NEGLIGIBLE = 40;

/** exp(-i / STEPS) for all weights that are not left out. */
const STEPS = 64;
const POWERS = Float64Array.from({ length: NEGLIGIBLE * STEPS + 2 }, (_, i) => Math.exp(-i / STEPS));

/**
 * The discrete minimum-mean-square-error predictor, Bayes-optimal where tasks come evenly from a table
 * (Raventos et al. 2023, section 2): w_k = sum_m p_km w_m with p_k = softmax over m of -S_km / (2 noise variance)
 * and S_km = sum over the examples j < k of (y_j - x_j . w_m)^2. w_0 is the mean task. At a noise variance of 0,
 * the limit: w_k is the mean of the tasks with the least S_km.
 *
 * One pass: S is carried from example to example, and the softmax is summed up over chunks of tasks relative to
 * the least S met so far. Memory is the size of the result and one chunk.
 * @throws {TaskError} for shapes that do not fit, numbers that are not finite and more than 2^20 tasks.
 */
export function dmmse(input: DmmseInput): Baseline {
	const { xs, ys, tasks, noiseVariance, chunkSize = 1024 } = input;
	const { batch, examples, taskSize: size } = checkBaselineInput("dmmse", input);
	checkCount("dmmse: chunk size", chunkSize);
	const [count, width] = tasks.shape;
	if (tasks.shape.length !== 2 || width !== size || !count || count > MAX_TASKS) {
		throw new TaskError(
			`dmmse: tasks [${tasks.shape.join(", ")}] for xs [${xs.shape.join(", ")}], ` +
				`allowed [1..${MAX_TASKS}, ${size}]`,
		);
	}
	checkFinite("dmmse: tasks", tasks);
	const [inputs, targets] = [Float64Array.from(xs.data, Number), Float64Array.from(ys.data, Number)];
	const posterior = new Posterior(batch * examples, size, noiseVariance);
	const most = Math.min(chunkSize, count);
	const chunk: Chunk = {
		tasks: new Float64Array(most * size),
		squares: new Float64Array(most),
		left: new Int32Array(most),
		count: 0,
	};
	for (let start = 0; start < count; start += chunkSize) {
		const held = Math.min(chunkSize, count - start);
		for (let i = 0; i < held * size; i++) chunk.tasks[i] = Number(tasks.data[start * size + i]);
		for (let b = 0; b < batch; b++) {
			chunk.squares.fill(0);
			for (let m = 0; m < held; m++) chunk.left[m] = m;
			chunk.count = held;
			// without an example all tasks are alike, in every sequence
			if (b === 0) posterior.add(0, chunk, 0);
			const last = (b + 1) * examples - 1;
			// sums only grow, so a task above the final least sum by that much never counts again
			const limit = posterior.limit(last);
			for (let at = b * examples; at < last && chunk.count > 0; at++) {
				const x = inputs.subarray(at * size, (at + 1) * size);
				posterior.add(at + 1, chunk, addSquares(chunk, x, targets[at] as number, limit));
			}
		}
	}
	for (let b = 1; b < batch && examples > 0; b++) posterior.copy(0, b * examples);
	return fromWeights(xs, posterior.means());
}

/** Some tasks and how one sequence fits them so far. */
interface Chunk {
	/** [task, task_size] */
	readonly tasks: Float64Array;
	/** S_km for each task. */
	readonly squares: Float64Array;
	/** Which tasks may still count: the first `count` entries. */
	readonly left: Int32Array;
	count: number;
}

/** Adds (y - x . w)^2 to the sums of the tasks left, drops those above the limit; gives the least sum. */
function addSquares(chunk: Chunk, x: Float64Array, y: number, limit: number): number {
	const { tasks, squares, left, count } = chunk;
	const size = x.length;
	let least = Number.POSITIVE_INFINITY;
	let kept = 0;
	for (let i = 0; i < count; i++) {
		const m = left[i] as number;
		let residual = y;
		for (let d = 0; d < size; d++) residual -= (x[d] as number) * (tasks[m * size + d] as number);
		const sum = (squares[m] as number) + residual * residual;
		if (sum > limit) continue;
		squares[m] = sum;
		left[kept++] = m;
		if (sum < least) least = sum;
	}
	chunk.count = kept;
	return least;
}

/** exp(-x) for x from 0 to NEGLIGIBLE, within 2e-10 of it: the nearest table entry and three terms of the series. */
function expMinus(x: number): number {
	const i = (x * STEPS + 0.5) | 0;
	const rest = i / STEPS - x;
	return (POWERS[i] as number) * (1 + rest * (1 + rest * (0.5 + rest / 6)));
}

/** Posterior means of the task at many places, summed up over chunks of tasks. */
class Posterior {
	private readonly least: Float64Array;
	private readonly totals: Float64Array;
	private readonly sums: Float64Array;
	private readonly scale: number;

	constructor(
		places: number,
		private readonly size: number,
		noiseVariance: number,
	) {
		this.least = new Float64Array(places).fill(Number.POSITIVE_INFINITY);
		this.totals = new Float64Array(places);
		this.sums = new Float64Array(places * size);
		this.scale = 1 / (2 * noiseVariance);
	}

	/** The greatest sum that can still count at a place, by the tasks met so far. */
	limit(place: number): number {
		return (this.least[place] as number) + NEGLIGIBLE / this.scale;
	}

	/** Weighs the tasks left by exp(-scale (S - least)) and adds them at a place. */
	add(place: number, { tasks, squares, left, count }: Chunk, chunkLeast: number): void {
		const { size, sums, scale } = this;
		let least = this.least[place] as number;
		let total = this.totals[place] as number;
		const from = place * size;
		if (chunkLeast < least) {
			// what was summed up so far was relative to a greater sum
			const shrink = least === Number.POSITIVE_INFINITY ? 0 : Math.exp(scale * (chunkLeast - least));
			total *= shrink;
			for (let d = 0; d < size; d++) sums[from + d] = (sums[from + d] as number) * shrink;
			least = chunkLeast;
			this.least[place] = least;
		}
		const limit = this.limit(place);
		for (let i = 0; i < count; i++) {
			const m = left[i] as number;
			const sum = squares[m] as number;
			if (sum > limit) continue;
			const weight = sum === least ? 1 : expMinus(scale * (sum - least));
			total += weight;
			for (let d = 0; d < size; d++) {
				sums[from + d] = (sums[from + d] as number) + weight * (tasks[m * size + d] as number);
			}
		}
		this.totals[place] = total;
	}

	copy(from: number, to: number): void {
		this.totals[to] = this.totals[from] as number;
		this.sums.copyWithin(to * this.size, from * this.size, (from + 1) * this.size);
	}

	/** The means [place, task_size]. */
	means(): Float64Array {
		return this.sums.map((sum, i) => sum / (this.totals[Math.floor(i / this.size)] as number));
	}
}
