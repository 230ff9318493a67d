import type { Palette } from "./palette.js";

/** A palette's colours as style sheets write them, and the ink that is read on each. */
export interface CssColours {
	readonly grounds: readonly string[];
	/** Black or white, whichever stands out more. */
	readonly inks: readonly string[];
}

const known = new WeakMap<Palette, CssColours>();

/** The colours of a canvas' palette for elements of the page. */
export function cssColours(palette: Palette): CssColours {
	const found = known.get(palette);
	if (found) return found;
	const parts = [...palette].map((word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255] as const);
	const made = {
		grounds: parts.map(([r, g, b]) => `rgb(${r} ${g} ${b})`),
		// above this luminance black has more contrast than white (WCAG 2)
		inks: parts.map((rgb) => (luminance(rgb) > 0.179 ? "#000" : "#fff")),
	};
	known.set(palette, made);
	return made;
}

/** Relative luminance as WCAG 2 has it. */
function luminance(rgb: readonly [number, number, number]): number {
	const [r, g, b] = rgb.map((part) => {
		const share = part / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	}) as [number, number, number];
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
