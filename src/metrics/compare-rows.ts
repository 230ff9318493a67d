import { counted } from "../shared/counted.js";
import { Random } from "../tensor/index.js";
import { reject } from "./errors.js";

/** What a change of the model changed of a metric: means over rows. */
export interface Change {
	readonly before: number;
	readonly after: number;
	/** after - before. */
	readonly change: number;
	/** (after - before) / before. */
	readonly relative: number;
	/** 95 % interval of the change; NaN for a single row, which says nothing about others. */
	readonly low: number;
	readonly high: number;
}

export interface CompareOptions {
	/** Of the bootstrap. Default 0. */
	readonly seed?: number;
	/** Default 2000. */
	readonly resamples?: number;
}

/**
 * Compares a metric's numbers of the same rows before and after a change. The interval is the percentile bootstrap of
 * the mean change (Efron and Tibshirani 1993, section 13.3), paired: rows are drawn with replacement, each with both
 * of its numbers. Equal options give equal intervals.
 * @throws {MetricError} for lists of different length, and empty ones
 */
export function compareRows(
	before: Float64Array,
	after: Float64Array,
	{ seed = 0, resamples = 2000 }: CompareOptions = {},
): Change {
	if (before.length !== after.length || before.length === 0) {
		reject(
			"compare",
			`${counted(before.length, "row")} before and ${after.length} after, allowed as many, from 1`,
		);
	}
	if (!Number.isSafeInteger(resamples) || resamples < 1) {
		reject("compare", `resamples ${resamples}, allowed whole numbers from 1`);
	}
	const changes = after.map((value, row) => value - (before[row] as number));
	const [meanBefore, meanAfter] = [mean(before), mean(after)];
	const change = mean(changes);
	const [low, high] = changes.length > 1 ? bootstrap(changes, seed, resamples) : [Number.NaN, Number.NaN];
	return { before: meanBefore, after: meanAfter, change, relative: change / meanBefore, low, high };
}

function mean(values: Float64Array): number {
	let sum = 0;
	for (const value of values) sum += value;
	return sum / values.length;
}

/** The 2.5 % and 97.5 % points of the means of rows drawn with replacement. */
function bootstrap(values: Float64Array, seed: number, resamples: number): readonly [number, number] {
	const random = new Random(seed);
	const means = new Float64Array(resamples);
	for (let i = 0; i < resamples; i++) {
		let sum = 0;
		for (let k = 0; k < values.length; k++) sum += values[random.integer(0, values.length)] as number;
		means[i] = sum / values.length;
	}
	means.sort();
	return [quantile(means, 0.025), quantile(means, 0.975)];
}

/** Linear between neighbours of a sorted list. */
function quantile(sorted: Float64Array, share: number): number {
	const at = share * (sorted.length - 1);
	const [below, above] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
	return below + (above - below) * (at - Math.floor(at));
}
