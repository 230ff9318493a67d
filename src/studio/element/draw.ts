import { diverging, type Palette, type Place, paletteFor, sequential } from "../page/draw/palette.js";
import type { PatternSet } from "./pattern-set.js";

/** How all heads of a set are coloured. */
export interface Ink {
	readonly palette: Palette;
	readonly place: Place;
}

/** Probabilities from 0 to 1, anything larger from 0 to the largest, and what goes below 0 around 0. */
export function inkOf({ range: [low, high] }: PatternSet, scale: "linear" | "log", dark: boolean): Ink {
	// rounding of half precision makes probabilities a little more than 1
	if (low < 0) return { palette: paletteFor(dark, true), place: diverging(Math.max(-low, high)) };
	const top = high > 1.001 ? high : 1;
	return { palette: paletteFor(dark), place: sequential(scale, top) };
}

/**
 * Draws a head, a pixel for each entry; where they are more than `most` on a side, the largest of each block, so that a
 * stripe is never lost.
 */
export function drawHead(
	canvas: HTMLCanvasElement,
	set: PatternSet,
	head: number,
	{ palette, place }: Ink,
	most: number,
): void {
	const { queries, keys, data } = set;
	const step = Math.max(1, Math.ceil(Math.max(queries, keys) / most));
	const [rows, columns] = [Math.ceil(queries / step), Math.ceil(keys / step)];
	canvas.width = columns;
	canvas.height = rows;
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) return;
	const largest = new Float32Array(rows * columns);
	const offset = head * queries * keys;
	for (let query = 0; query < queries; query++) {
		const row = Math.floor(query / step) * columns;
		for (let key = 0; key < keys; key++) {
			const value = data[offset + query * keys + key] as number;
			const block = row + Math.floor(key / step);
			if (Math.abs(value) > Math.abs(largest[block] as number)) largest[block] = value;
		}
	}
	const image = context.createImageData(columns, rows);
	const pixels = new Uint32Array(image.data.buffer);
	for (let i = 0; i < pixels.length; i++) pixels[i] = palette[place(largest[i] as number)] as number;
	context.putImageData(image, 0, 0);
}
