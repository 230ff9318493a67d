import type { Tensor } from "../tensor/index.js";
import { type ColourScale, linearColours, viridisColours } from "./colour.js";

/** The two ends of a colour scale, the lower first. */
export type Range = readonly [number, number];

/**
 * The smallest and the largest of all values: ends of a scale that several matrices share. Where all values
 * are equal the range goes on to 0, or from 0 to 1.
 */
export function valueRange(tensors: Iterable<Tensor>): Range {
	let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (const { data } of tensors) {
		for (const value of data) {
			low = Math.min(low, Number(value));
			high = Math.max(high, Number(value));
		}
	}
	if (low < high) return [low, high];
	const only = Number.isFinite(low) ? low : 0;
	return only === 0 ? [0, 1] : [Math.min(0, only), Math.max(0, only)];
}

/**
 * Colours for values in `range`. Values of both signs get a scale centred on 0, red below and blue above,
 * since a sign means something in an activation; others get viridis from end to end.
 */
export function coloursFor([low, high]: Range): ColourScale {
	const widest = Math.max(-low, high);
	return low < 0 && high > 0 ? linearColours([-widest, widest], true) : viridisColours([low, high]);
}

/** Throws unless `range` is two finite numbers, the lower first. */
export function checkRange(where: string, [low, high]: Range): void {
	if (!(low < high && Number.isFinite(high - low))) {
		throw new RangeError(
			`${where}: range: got [${low}, ${high}], allowed two finite numbers, the lower first`,
		);
	}
}
