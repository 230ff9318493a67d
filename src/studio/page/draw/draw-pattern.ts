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

/** A square part of a matrix. */
export interface Part {
	/** First row and column. */
	readonly query: number;
	readonly key: number;
	/** Rows and columns. */
	readonly cells: number;
}

/**
 * Draws a matrix into a canvas, a pixel for each entry, or where that are too many the largest of each block: a stripe
 * is never lost. The canvas is stretched by its style.
 * @param most pixels on a side. Default all
 * @param part what of the matrix is drawn. Default all
 */
export function drawMatrix(
	canvas: HTMLCanvasElement,
	matrix: Matrix,
	ink: Ink,
	most = Number.POSITIVE_INFINITY,
	part: Part = { query: 0, key: 0, cells: matrix.size },
): void {
	const step = Math.max(1, Math.ceil(part.cells / Math.max(1, most)));
	const side = Math.ceil(part.cells / step);
	if (canvas.width !== side || canvas.height !== side) {
		canvas.width = side;
		canvas.height = side;
	}
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) return;
	const image = imageOf(context, side);
	const pixels = new Uint32Array(image.data.buffer);
	if (step === 1) fill(pixels, matrix, ink, part);
	else fillBlocks(pixels, matrix, ink, part, step, side);
	context.putImageData(image, 0, 0);
}

/** The value at a query and a key; 0 behind the query, which is never attended to. */
export function valueAt({ data, offset, size, minus }: Matrix, query: number, key: number): number {
	if (key > query) return 0;
	const at = query * size + key;
	return (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
}

/** The largest absolute value of a matrix. */
export function largestOf({ data, offset, size, minus }: Matrix, hideFirst = false): number {
	let largest = 0;
	for (let query = 0; query < size; query++) {
		for (let at = query * size + (hideFirst ? 1 : 0); at <= query * size + query; at++) {
			const value = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
			if (value > largest) largest = value;
			else if (-value > largest) largest = -value;
		}
	}
	return largest;
}

// all heads of a model are as large as each other: one image serves them
let kept: ImageData | undefined;

function imageOf(context: CanvasRenderingContext2D, side: number): ImageData {
	if (kept?.width !== side) kept = context.createImageData(side, side);
	return kept;
}

function fill(
	pixels: Uint32Array,
	{ data, offset, size, minus }: Matrix,
	{ palette, place, hideFirst }: Ink,
	part: Part,
): void {
	pixels.fill(palette[place(0)] as number);
	for (let row = 0; row < part.cells; row++) {
		const query = part.query + row;
		// keys behind the query are never attended to
		const last = Math.min(query, part.key + part.cells - 1);
		for (let key = Math.max(part.key, hideFirst ? 1 : 0); key <= last; key++) {
			const at = query * size + key;
			const value = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
			pixels[row * part.cells + key - part.key] = palette[place(value)] as number;
		}
	}
}

function fillBlocks(
	pixels: Uint32Array,
	{ data, offset, size, minus }: Matrix,
	{ palette, place, hideFirst }: Ink,
	part: Part,
	step: number,
	side: number,
): void {
	const extremes = new Float32Array(side * side);
	const begin = Math.max(part.key, hideFirst ? 1 : 0);
	for (let row = 0; row < part.cells; row++) {
		const query = part.query + row;
		const blocks = Math.floor(row / step) * side;
		const last = Math.min(query, part.key + part.cells - 1);
		// block by block, so that no entry is divided by
		for (let block = 0, key = begin; key <= last; block++) {
			const end = Math.min(last, part.key + (block + 1) * step - 1);
			let extreme = extremes[blocks + block] as number;
			for (; key <= end; key++) {
				const at = query * size + key;
				const value = (data[offset + at] as number) - (minus ? (minus.data[minus.offset + at] as number) : 0);
				if (Math.abs(value) > Math.abs(extreme)) extreme = value;
			}
			extremes[blocks + block] = extreme;
		}
	}
	for (let i = 0; i < pixels.length; i++) pixels[i] = palette[place(extremes[i] as number)] as number;
}
