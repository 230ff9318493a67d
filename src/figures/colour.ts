import { scaleLinear } from "d3-scale";
import { interpolateBlues, interpolateRdBu, interpolateViridis } from "d3-scale-chromatic";

/** Red, green and blue, each 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * How values become colours.
 * - `linear`: the range from end to end.
 * - `log`: log10, from a floor to the end of the range; smaller values take the floor's colour. Shows what
 *   the attention sink at the first token otherwise drowns.
 * - `hide-first`: the first key column is left out and the colours end at the largest value that remains.
 */
export type Scale = "linear" | "log" | "hide-first";
/** Every scale's name. */
export const SCALES: readonly Scale[] = ["linear", "log", "hide-first"];

/** A value's place on the colour bar, the colours, and what the bar says. */
export interface ColourScale {
	/** 0 at the bar's low end, 1 at its high end; values beyond the range stay at the end. */
	position(value: number): number;
	/** 256 colours, low to high. */
	readonly palette: readonly Rgb[];
	readonly ticks: readonly { at: number; label: string }[];
	readonly range: readonly [number, number];
	readonly kind: "linear" | "log";
	readonly diverging: boolean;
}

/** ColorBrewer's Blues (white to blue) and RdBu (red, white, blue): both readable with any colour vision. */
const SEQUENTIAL = palette(interpolateBlues);
const DIVERGING = palette(interpolateRdBu);
/** Matplotlib's default: evenly perceived from dark violet to yellow. */
const VIRIDIS = palette(interpolateViridis);

/** Linear colours over `range`; a diverging one is red below the middle and blue above. */
export function linearColours(range: readonly [number, number], diverging = false): ColourScale {
	const [low, high] = range;
	const span = high - low || 1;
	const position = (value: number): number => clamp((value - low) / span);
	const scale = scaleLinear().domain([low, high]);
	const format = scale.tickFormat(5);
	const nice = scale.ticks(5);
	// both ends are always told, so ticks too near to an end give way
	const inner = nice.filter((value) => position(value) > 0.06 && position(value) < 0.94);
	const ticks = [low, ...inner, high].map((value) => ({
		at: position(value),
		label: nice.includes(value) ? minus(format(value)) : short(value),
	}));
	return { position, palette: diverging ? DIVERGING : SEQUENTIAL, ticks, range, kind: "linear", diverging };
}

/** Linear colours over `range` in Matplotlib's viridis. */
export function viridisColours(range: readonly [number, number]): ColourScale {
	return { ...linearColours(range), palette: VIRIDIS };
}

/** log10 colours from `floor` to `high`, both above 0. */
export function logColours(floor: number, high: number): ColourScale {
	const low = Math.log10(floor);
	const span = Math.log10(high) - low || 1;
	const position = (value: number): number => clamp((Math.log10(Math.max(value, floor)) - low) / span);
	const ticks: { at: number; label: string }[] = [{ at: 0, label: `≤ ${short(floor)}` }];
	for (let power = Math.floor(low) + 1; 10 ** power <= high * 1.0001; power++) {
		if (10 ** power > floor * 1.5) ticks.push({ at: position(10 ** power), label: short(10 ** power) });
	}
	return { position, palette: SEQUENTIAL, ticks, range: [floor, high], kind: "log", diverging: false };
}

/** Index into the palette, 0 to 255. */
export function colourIndex(scale: ColourScale, value: number): number {
	return Math.round(scale.position(value) * 255);
}

export function hex(colour: Rgb): string {
	return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Black or white, whichever reads better on `colour`, by WCAG 2.2's relative luminance. The two contrasts are
 * equal at 0.18; a little above that white still looks clearer on a blue.
 */
export function readableOn([red, green, blue]: Rgb): string {
	const linear = (part: number): number => {
		const share = part / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	};
	const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
	return luminance > 0.21 ? "#000000" : "#ffffff";
}

/** A number for a label: at most 3 significant digits, a real minus sign. */
export function short(value: number): string {
	const rounded = Number(value.toPrecision(3));
	const small = rounded !== 0 && Math.abs(rounded) < 1e-3;
	return minus(small || Math.abs(rounded) >= 1e5 ? rounded.toExponential() : String(rounded));
}

export function minus(written: string): string {
	// what rounds to zero has no sign
	return written.replace(/^-(0(\.0*)?)$/, "$1").replaceAll("-", "−");
}

function clamp(position: number): number {
	return Math.min(1, Math.max(0, position));
}

function palette(interpolate: (t: number) => string): Rgb[] {
	return Array.from({ length: 256 }, (_, i) => {
		const written = interpolate(i / 255);
		// "#rrggbb" or "rgb(r, g, b)"
		const parts = written.startsWith("#") ? written.match(/[\da-f]{2}/g) : written.match(/\d+/g);
		const base = written.startsWith("#") ? 16 : 10;
		return (parts ?? []).map((part) => Number.parseInt(part, base)) as unknown as Rgb;
	});
}
