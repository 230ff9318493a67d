import type { Tensor } from "../../tensor/index.js";
import { checkCount, TaskError } from "../samples.js";
import { type Baseline, type BaselineInput, checkBaselineInput, fromWeights } from "./baseline.js";
import { checkFinite, MAX_TASKS } from "./check.js";

/** What dMMSE knows: sequences, the tasks they may have, and the noise. */
export interface DmmseInput extends BaselineInput {
	/** The tasks [task, task_size]. */
	readonly tasks: Tensor;
	/** Tasks held at a time; it changes speed and memory, not the result. Default 1024. */
	readonly chunkSize?: number;
}

/** All tasks that are left out may weigh this much together, relative to the likeliest one. */
const NEGLIGIBLE = 1e-10;

/** exp(-i / STEPS) up to where NEGLIGIBLE leaves off for the most tasks. */
const STEPS = 256;
const POWERS = Float64Array.from({ length: 40 * STEPS }, (_, i) => Math.exp(-i / STEPS));

/** Coordinates that the loops below handle together, so that their sums stay in registers. */
const GROUP = 4;

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
	const padded = Math.ceil(size / GROUP) * GROUP;
	const inputs = pad(xs, 0, batch * examples, padded);
	const targets = Float64Array.from(ys.data, Number);
	const posterior = new Posterior(batch * examples, padded, 2 * noiseVariance, count);
	const chunk = new Chunk(Math.min(chunkSize, count), padded);
	for (let start = 0; start < count; start += chunkSize) {
		chunk.load(tasks, start, Math.min(chunkSize, count - start));
		for (let b = 0; b < batch; b++) {
			chunk.reset();
			// without an example all tasks are alike, in every sequence
			if (b === 0) posterior.add(0, chunk, Number.POSITIVE_INFINITY);
			const last = (b + 1) * examples - 1;
			// sums only grow, so a task above the final least sum by that much never counts again
			const limit = posterior.limit(last);
			for (let at = b * examples; at < last && chunk.count > 0; at++) {
				chunk.subtract(inputs, at * padded, targets[at] as number);
				posterior.add(at + 1, chunk, limit);
			}
		}
	}
	for (let b = 1; b < batch && examples > 0; b++) posterior.copy(0, b * examples);
	return fromWeights(xs, posterior.means(size));
}

/** Rows of a matrix from `start` on, with zeros behind each up to a width. */
function pad({ data, shape }: Tensor, start: number, rows: number, width: number): Float64Array {
	const size = shape.at(-1) as number;
	const padded = new Float64Array(rows * width);
	for (let i = 0; i < rows * size; i++) {
		padded[Math.floor(i / size) * width + (i % size)] = Number(data[start * size + i]);
	}
	return padded;
}

/** Some tasks, and how one sequence fits those that may still count: entries 0 to `count` of the lists. */
class Chunk {
	/** [task, width] */
	tasks: Float64Array = new Float64Array(0);
	/** Which task an entry is. */
	readonly left: Int32Array;
	/** S_km so far. */
	readonly squares: Float64Array;
	/** The next example's y - x . w. */
	readonly residuals: Float64Array;
	/** exp of minus S_km relative to the least one. */
	readonly weights: Float64Array;
	count = 0;
	private held = 0;

	constructor(
		most: number,
		private readonly width: number,
	) {
		this.left = new Int32Array(most);
		this.squares = new Float64Array(most);
		this.residuals = new Float64Array(most);
		this.weights = new Float64Array(most);
	}

	load(tasks: Tensor, start: number, held: number): void {
		this.tasks = pad(tasks, start, held, this.width);
		this.held = held;
	}

	/** For a sequence without examples so far. */
	reset(): void {
		for (let i = 0; i < this.held; i++) this.left[i] = i;
		this.squares.fill(0);
		this.residuals.fill(0);
		this.count = this.held;
	}

	/** Sets the residuals of an example, whose x stands at `at`. */
	subtract(x: Float64Array, at: number, y: number): void {
		const { tasks, left, residuals, count, width } = this;
		residuals.fill(y, 0, count);
		for (let g = 0; g < width; g += GROUP) {
			const x0 = x[at + g] as number;
			const x1 = x[at + g + 1] as number;
			const x2 = x[at + g + 2] as number;
			const x3 = x[at + g + 3] as number;
			for (let i = 0; i < count; i++) {
				const t = (left[i] as number) * width + g;
				residuals[i] =
					(residuals[i] as number) -
					(x0 * (tasks[t] as number) +
						x1 * (tasks[t + 1] as number) +
						x2 * (tasks[t + 2] as number) +
						x3 * (tasks[t + 3] as number));
			}
		}
	}
}

/** exp(-x) for x from 0 to what POWERS hold, within 2e-9 of it: the nearest entry and two terms of the series. */
function expMinus(x: number): number {
	const scaled = x * STEPS;
	const i = (scaled + 0.5) | 0;
	const rest = (i - scaled) * (1 / STEPS);
	return (POWERS[i] as number) * (1 + rest * (1 + rest * 0.5));
}

/** Posterior means of the task at many places, summed up over chunks of tasks. */
class Posterior {
	private readonly least: Float64Array;
	private readonly totals: Float64Array;
	private readonly sums: Float64Array;
	private readonly scale: number;
	/** A sum above the least one by this much does not count. */
	private readonly reach: number;

	constructor(
		places: number,
		private readonly width: number,
		temperature: number,
		tasks: number,
	) {
		this.least = new Float64Array(places).fill(Number.POSITIVE_INFINITY);
		this.totals = new Float64Array(places);
		this.sums = new Float64Array(places * width);
		// without noise the least sum alone counts; infinity would make NaN of it
		this.scale = Math.min(1 / temperature, Number.MAX_VALUE);
		this.reach = Math.log(tasks / NEGLIGIBLE) * temperature;
	}

	/** The greatest sum that can still count at a place, by the tasks met so far. */
	limit(place: number): number {
		return (this.least[place] as number) + this.reach;
	}

	/** Takes a chunk's residuals into its sums, drops tasks above the limit, and adds the others at a place. */
	add(place: number, chunk: Chunk, limit: number): void {
		this.weigh(place, chunk, limit);
		const { tasks, left, weights, count } = chunk;
		const { width, sums } = this;
		for (let g = 0; g < width; g += GROUP) {
			let s0 = 0;
			let s1 = 0;
			let s2 = 0;
			let s3 = 0;
			for (let i = 0; i < count; i++) {
				const weight = weights[i] as number;
				const t = (left[i] as number) * width + g;
				s0 += weight * (tasks[t] as number);
				s1 += weight * (tasks[t + 1] as number);
				s2 += weight * (tasks[t + 2] as number);
				s3 += weight * (tasks[t + 3] as number);
			}
			const at = place * width + g;
			sums[at] = (sums[at] as number) + s0;
			sums[at + 1] = (sums[at + 1] as number) + s1;
			sums[at + 2] = (sums[at + 2] as number) + s2;
			sums[at + 3] = (sums[at + 3] as number) + s3;
		}
	}

	/** Sets the weights exp(-scale (S - least)) of a chunk's tasks. */
	private weigh(place: number, chunk: Chunk, limit: number): void {
		const { squares, residuals, left, weights, count } = chunk;
		const { scale, reach } = this;
		let chunkLeast = Number.POSITIVE_INFINITY;
		let kept = 0;
		for (let i = 0; i < count; i++) {
			const residual = residuals[i] as number;
			const sum = (squares[i] as number) + residual * residual;
			if (sum > limit) continue;
			squares[kept] = sum;
			left[kept++] = left[i] as number;
			if (sum < chunkLeast) chunkLeast = sum;
		}
		chunk.count = kept;
		const least = this.lower(place, chunkLeast);
		let total = 0;
		for (let i = 0; i < kept; i++) {
			const above = (squares[i] as number) - least;
			const weight = above > reach ? 0 : expMinus(scale * above);
			weights[i] = weight;
			total += weight;
		}
		this.totals[place] = (this.totals[place] as number) + total;
	}

	/** The least sum at a place; what was summed up relative to a greater one is put relative to it. */
	private lower(place: number, least: number): number {
		const before = this.least[place] as number;
		if (least >= before) return before;
		const { sums, totals, scale, width } = this;
		const shrink = before === Number.POSITIVE_INFINITY ? 0 : Math.exp(scale * (least - before));
		totals[place] = (totals[place] as number) * shrink;
		for (let i = place * width; i < (place + 1) * width; i++) sums[i] = (sums[i] as number) * shrink;
		this.least[place] = least;
		return least;
	}

	copy(from: number, to: number): void {
		this.totals[to] = this.totals[from] as number;
		this.sums.copyWithin(to * this.width, from * this.width, (from + 1) * this.width);
	}

	/** The means [place, size]. */
	means(size: number): Float64Array {
		const { sums, totals, width } = this;
		return Float64Array.from({ length: totals.length * size }, (_, i) => {
			const place = Math.floor(i / size);
			return (sums[place * width + (i % size)] as number) / (totals[place] as number);
		});
	}
}
