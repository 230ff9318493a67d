import { scaleLinear } from "d3-scale";
import type { Tensor } from "../tensor/index.js";
import { checkChoice, checkValues } from "./check.js";
import { type ColourScale, linearColours, logColours, SCALES, type Scale, short } from "./colour.js";

/** Options that say how a pattern's values become colours. */
export interface PatternScaleOptions {
	/** Default `linear`. */
	scale?: Scale;
	/** Where `log` begins, above 0 and below 1. Default 1e-4. */
	floor?: number;
}

/** A pattern's colours, and the pattern without its first key where that is hidden. */
export interface ScaledPattern {
	/** [..., query, key]. */
	pattern: Tensor<"float32">;
	/** Position of the first key drawn: 1 where the first is hidden, else 0. */
	firstKey: number;
	colours: ColourScale;
	barTitle: string;
	/** What a reader must know to read the colours; none for linear ones from 0 to 1. */
	notes: string[];
}

/**
 * The colours for attention probabilities [..., query, key] in 0..1; several heads share one scale.
 * Throws where a value is not finite or lies outside 0..1, or where an option is not understood.
 */
export function scalePattern(where: string, given: Tensor, options: PatternScaleOptions): ScaledPattern {
	const { scale = "linear", floor = 1e-4 } = options;
	checkChoice(`${where}: scale`, scale, SCALES);
	checkValues(`${where}: pattern`, given, [0, 1]);
	const pattern = given.to("float32");
	if (scale === "log") {
		if (!(floor > 0 && floor < 1))
			throw new RangeError(`${where}: floor: got ${floor}, allowed numbers above 0 and below 1`);
		const notes = [`log colours: values up to ${short(floor)} look the same`];
		return { pattern, firstKey: 0, colours: logColours(floor, 1), barTitle: "attention (log)", notes };
	}
	if (scale === "linear") {
		return { pattern, firstKey: 0, colours: linearColours([0, 1]), barTitle: "attention", notes: [] };
	}
	const axis = pattern.shape.length - 1;
	const keys = pattern.shape[axis] as number;
	if (keys < 2) throw new RangeError(`${where}: scale "hide-first" needs at least 2 keys, got ${keys}`);
	const rest = pattern.slice(axis, 1);
	let largest = 0;
	for (let i = 0; i < rest.size; i++) largest = Math.max(largest, rest.data[i] as number);
	// a nice end, so that the bar's last tick names it; an empty rest keeps a range that is not empty
	const [, high = 1] = scaleLinear()
		.domain([0, largest || 1])
		.nice(5)
		.domain();
	const end = Math.min(1, high);
	const notes = [`first key hidden, colours from 0 to ${short(end)}`];
	return { pattern: rest, firstKey: 1, colours: linearColours([0, end]), barTitle: "attention", notes };
}
