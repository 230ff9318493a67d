/** 256 colours as the words of a canvas' pixels, low to high. */
export type Palette = Uint32Array;

/** How values become colours; `hide-first` leaves the first key out and spreads the colours over what remains. */
export type ScaleName = "linear" | "log" | "hide-first";

/** What a logarithmic scale still tells apart, as a share of its end. */
export const LOG_FLOOR = 1e-4;

/** ColorBrewer's Blues, white to blue, at 17 places; the library that has them is as large as the rest of the page. */
const BLUES =
	"f7fbff ebf3fb deebf7 d2e3f3 c3dbee b1d2e8 9cc8e2 84bcdb 6daed5 57a0ce 4391c6 3281bd 2271b4 1561a8 0c5198 094083 08306b";
/** ColorBrewer's RdBu: red, white, blue. */
const RED_BLUE =
	"67001f 941127 b82d35 d1574b e48268 f3aa8c faccb4 fae4d8 f2efee deebf2 bfdceb 98c7df 6bacd0 448ec1 2a71ae 17518e 053061";

const LIGHT = paletteOf(BLUES);
/** The same hue from the dark page's ground up, so that 0 is the ground in both. */
const DARK = paletteOf("111827 93d2ff");
/** Red below, blue above, the ground in the middle. */
const LIGHT_DIVERGING = paletteOf(RED_BLUE);
const DARK_DIVERGING = paletteOf("ff7864 111827 78beff");

/** The colours for attention (0 to 1), or for differences around 0. */
export function paletteFor(dark: boolean, diverging = false): Palette {
	if (diverging) return dark ? DARK_DIVERGING : LIGHT_DIVERGING;
	return dark ? DARK : LIGHT;
}

/** A palette as a CSS image from left to right, for a colour bar. */
export function gradientOf(palette: Palette): string {
	const stops = Array.from({ length: 18 }, (_, i) => {
		const word = palette[i * 15] as number;
		return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
	});
	return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** A value's place in a palette, 0 to 255. */
export type Place = (value: number) => number;

/** Places of values from 0 to `high`. */
export function sequential(scale: ScaleName, high = 1): Place {
	if (scale === "log") {
		const low = Math.log(LOG_FLOOR * high);
		const span = Math.log(high) - low;
		return (value) => (value <= LOG_FLOOR * high ? 0 : clamp((255 * (Math.log(value) - low)) / span));
	}
	return (value) => clamp((255 * value) / high);
}

/** Places of values from -high to high. */
export function diverging(high = 1): Place {
	return (value) => clamp(127.5 + (127.5 * value) / high);
}

function clamp(place: number): number {
	return place <= 0 ? 0 : place >= 255 ? 255 : Math.round(place);
}

/** Colours between stops that are spread evenly, as a canvas' pixels have them: alpha, blue, green, red. */
function paletteOf(stops: string): Palette {
	const colours = stops
		.split(" ")
		.map((stop) => [0, 2, 4].map((i) => Number.parseInt(stop.slice(i, i + 2), 16)));
	return Uint32Array.from({ length: 256 }, (_, i) => {
		const at = (i / 255) * (colours.length - 1);
		const below = colours[Math.floor(at)] as number[];
		const above = colours[Math.ceil(at)] as number[];
		const [r, g, b] = below.map((part, c) => Math.round(part + (at % 1) * ((above[c] as number) - part)));
		return ((255 << 24) | ((b as number) << 16) | ((g as number) << 8) | (r as number)) >>> 0;
	});
}
