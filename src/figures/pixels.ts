import { encode } from "fast-png";
import { type ColourScale, colourIndex, type Rgb } from "./colour.js";
import { element } from "./svg.js";

/** A rectangle of values, row by row. */
export interface Grid {
	readonly rows: number;
	readonly columns: number;
	readonly values: ArrayLike<number>;
}

/**
 * A grid of values as one PNG, a pixel a cell. One image instead of an element for each cell keeps a pattern
 * of 1024 tokens at some hundred kilobytes rather than a hundred megabytes.
 */
export function gridImage(grid: Grid, scale: ColourScale): string {
	const data = Uint8Array.from({ length: grid.rows * grid.columns }, (_, i) =>
		colourIndex(scale, grid.values[i] as number),
	);
	return pngUrl(grid.columns, grid.rows, data, scale.palette);
}

/** The colours from high at the top to low at the bottom, one pixel wide. */
export function colourBarImage(scale: ColourScale): string {
	return pngUrl(
		1,
		256,
		Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
		scale.palette,
	);
}

/**
 * `grid` in at most `rows` by `columns` cells, each the value of largest magnitude among those it covers.
 * Leaving rows out instead would make a one-cell stripe, which is what a reader looks for, come and go.
 */
export function pool(grid: Grid, rows: number, columns: number): Grid {
	if (grid.rows <= rows && grid.columns <= columns) return grid;
	const outRows = Math.min(rows, grid.rows);
	const outColumns = Math.min(columns, grid.columns);
	const values = new Float64Array(outRows * outColumns);
	for (let row = 0; row < grid.rows; row++) {
		const outRow = Math.floor((row * outRows) / grid.rows);
		for (let column = 0; column < grid.columns; column++) {
			const at = outRow * outColumns + Math.floor((column * outColumns) / grid.columns);
			const value = grid.values[row * grid.columns + column] as number;
			if (Math.abs(value) > Math.abs(values[at] as number)) values[at] = value;
		}
	}
	return { rows: outRows, columns: outColumns, values };
}

/** An image element whose pixels stay square and sharp at any size. */
export function image(
	href: string,
	box: { x: number; y: number; width: number; height: number },
	attributes: Readonly<Record<string, string | number | undefined>> = {},
): string {
	return element("image", {
		...box,
		preserveAspectRatio: "none",
		"image-rendering": "pixelated",
		...attributes,
		href,
	});
}

function pngUrl(width: number, height: number, data: Uint8Array, colours: readonly Rgb[]): string {
	const bytes = encode(
		{ width, height, data, depth: 8, channels: 1, palette: colours.map((colour) => [...colour]) },
		{ zlib: { level: 6 } },
	);
	return `data:image/png;base64,${base64(bytes)}`;
}

/** Base64 of some bytes, by what Node and browsers share. */
export function base64(bytes: Uint8Array): string {
	let binary = "";
	// in pieces: one call with a million arguments overflows the stack
	for (let at = 0; at < bytes.length; at += 0x8000) {
		binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
	}
	return btoa(binary);
}
