import type { Palette, Place } from "./palette.js";

/** One head's matrix in the memory of all of them. */
export interface Matrix {
	/** The numbers of many heads; this one's begin at `offset`, row after row. */
	readonly data: Float32Array;
	readonly offset: number;
	/** Queries, which are rows, and keys. */
	readonly size: number;
	/** Of another matrix of the same size, whose values are taken away. */
	readonly minus?: { readonly data: Float32Array; readonly offset: number };
}

/** Colours of a matrix, and whether its first column is left out. */
export interface Ink {
	readonly palette: Palette;
	readonly place: Place;
	readonly hideFirst?: boolean;
}

/**
 * Draws a matrix into a canvas, a pixel for each entry, or where that are too many the largest of each block: a stripe
 * is never lost. The canvas is stretched by its style.
 * @param most pixels on a side. Default all
 */
export function drawMatrix(
	canvas: HTMLCanvasElement,
	matrix: Matrix,
	ink: Ink,
	most = Number.POSITIVE_INFINITY,
): void {
	const step = Math.max(1, Math.ceil(matrix.size / most));
	const side = Math.ceil(matrix.size / step);
	if (canvas.width !== side || canvas.height !== side) {
		canvas.width = side;
		canvas.height = side;
	}
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) return;
	const image = context.createImageData(side, side);
	const pixels = new Uint32Array(image.data.buffer);
	if (step === 1) fill(pixels, matrix, ink);
	else fillBlocks(pixels, matrix, ink, step, side);
	context.putImageData(image, 0, 0);
}

function fill(
	pixels: Uint32Array,
	{ data, offset, size, minus }: Matrix,
	{ palette, place, hideFirst }: Ink,
): void {
	const ground = palette[place(0)] as number;
	pixels.fill(ground);
	for (let query = 0; query < size; query++) {
		const row = query * size;
		// keys behind the query are never attended to
		for (let key = hideFirst ? 1 : 0; key <= query; key++) {
			const at = row + key;
			const value = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
			pixels[at] = palette[place(value)] as number;
		}
	}
}

function fillBlocks(
	pixels: Uint32Array,
	{ data, offset, size, minus }: Matrix,
	{ palette, place, hideFirst }: Ink,
	step: number,
	side: number,
): void {
	const extremes = new Float32Array(side * side);
	for (let query = 0; query < size; query++) {
		const row = Math.floor(query / step) * side;
		for (let key = hideFirst ? 1 : 0; key <= query; key++) {
			const at = query * size + key;
			const value = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
			const block = row + Math.floor(key / step);
			if (Math.abs(value) > Math.abs(extremes[block] as number)) extremes[block] = value;
		}
	}
	for (let i = 0; i < pixels.length; i++) pixels[i] = palette[place(extremes[i] as number)] as number;
}
