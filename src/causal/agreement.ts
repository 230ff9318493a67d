import type { Tensor } from "../tensor/index.js";
import { cellNames } from "./attribution-cells.js";
import { reject } from "./errors.js";

/** A place where an estimate and what was measured differ. */
export interface Disagreement {
	readonly cell: string;
	readonly estimated: number;
	readonly measured: number;
	/** estimated - measured */
	readonly difference: number;
}

/** How well estimates agree with what true patching measures. */
export interface Agreement {
	readonly cells: number;
	/** Pearson's correlation; NaN where one side is constant. */
	readonly pearson: number;
	/** Spearman's: Pearson's of the ranks, equal values sharing their mean rank. */
	readonly spearman: number;
	/** Share of the cells above the floor whose signs are equal; NaN where there is none. */
	readonly sameSign: number;
	/** Cells above the floor. */
	readonly compared: number;
	/** The largest differences, largest first. */
	readonly largest: readonly Disagreement[];
}

export interface AgreementOptions {
	/** Signs are compared where what was measured is at least this share of its largest magnitude. Default 0.01. */
	readonly floor?: number;
	/** How many disagreements are listed. Default 5. */
	readonly top?: number;
}

/**
 * Compares estimated with measured changes of a metric, place by place.
 * @throws {CausalError} for tensors of different shape, and empty ones
 */
export function agreement(
	estimated: Tensor,
	measured: Tensor,
	{ floor = 0.01, top = 5 }: AgreementOptions = {},
): Agreement {
	if (estimated.shape.join() !== measured.shape.join() || estimated.size === 0) {
		reject("agreement", `estimated ${estimated} and measured ${measured} must have one shape`);
	}
	const [a, b] = [Float64Array.from(estimated.data, Number), Float64Array.from(measured.data, Number)];
	const least = floor * b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
	const above = [...b.keys()].filter((i) => b[i] !== 0 && Math.abs(b[i] as number) >= least);
	const same = above.filter((i) => Math.sign(a[i] as number) === Math.sign(b[i] as number));
	const names = cellNames(estimated);
	const all = names.map((cell, i) => {
		const [from, to] = [a[i] as number, b[i] as number];
		return { cell, estimated: from, measured: to, difference: from - to };
	});
	all.sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
	return {
		cells: a.length,
		pearson: correlation(a, b),
		spearman: correlation(ranks(a), ranks(b)),
		sameSign: same.length / above.length,
		compared: above.length,
		largest: all.slice(0, top),
	};
}

/** Pearson's correlation coefficient. */
function correlation(a: Float64Array, b: Float64Array): number {
	const mean = (values: Float64Array): number =>
		values.reduce((sum, value) => sum + value, 0) / values.length;
	const [ma, mb] = [mean(a), mean(b)];
	let [ab, aa, bb] = [0, 0, 0];
	for (let i = 0; i < a.length; i++) {
		const [x, y] = [(a[i] as number) - ma, (b[i] as number) - mb];
		ab += x * y;
		aa += x * x;
		bb += y * y;
	}
	return ab / Math.sqrt(aa * bb);
}

/** Ranks from 0; equal values get the mean of their ranks. */
function ranks(values: Float64Array): Float64Array {
	const order = [...values.keys()].sort((i, j) => (values[i] as number) - (values[j] as number));
	const found = new Float64Array(values.length);
	for (let from = 0; from < order.length; ) {
		let to = from;
		while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++;
		for (let k = from; k <= to; k++) found[order[k] as number] = (from + to) / 2;
		from = to + 1;
	}
	return found;
}
