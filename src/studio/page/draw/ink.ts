import type { Ink } from "./draw-pattern.js";
import { diverging, LOG_FLOOR, paletteFor, type ScaleName, sequential } from "./palette.js";

/** What a matrix is drawn as. */
export interface InkChoice {
	readonly scale: ScaleName;
	/** Differences around 0 instead of values from 0. */
	readonly difference: boolean;
	/** Whether values end at 1, as attention does; else at the largest one. */
	readonly shares: boolean;
	readonly dark: boolean;
	/** The largest absolute value that is drawn; only asked where the colours depend on it. */
	largest(hideFirst: boolean): number;
}

/** Colours, and where they begin and end. */
export interface Colours extends Ink {
	readonly low: number;
	readonly high: number;
	readonly scale: ScaleName;
}

/** Differences below this are drawn as none: they come of the order of sums. */
const LEAST_DIFFERENCE = 0.01;

/** The colours of patterns, of their differences, or of what is moved. */
export function coloursFor({ scale, difference, shares, dark, largest }: InkChoice): Colours {
	const hideFirst = scale === "hide-first";
	const palette = paletteFor(dark, difference);
	if (difference) {
		const high = Math.max(LEAST_DIFFERENCE, roundUp(largest(hideFirst)));
		return { palette, place: diverging(high), hideFirst, low: -high, high, scale };
	}
	const high = shares && !hideFirst ? 1 : roundUp(largest(hideFirst)) || 1;
	const low = scale === "log" ? LOG_FLOOR * high : 0;
	return { palette, place: sequential(scale, high), hideFirst, low, high, scale };
}

/** The next larger number with two digits, so that a bar's end is short; attention's largest stays 1. */
function roundUp(value: number): number {
	if (value <= 0) return 0;
	const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
	// a hair above a round number is that number: float32 sums
	return Number((Math.ceil(value / unit - 1e-4) * unit).toPrecision(2));
}
