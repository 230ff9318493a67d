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
	part = whole(matrix),
): void {
	const side = sideOf(part, most);
	if (canvas.width !== side || canvas.height !== side) {
		canvas.width = side;
		canvas.height = side;
	}
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) return;
	const image = context.createImageData(side, side);
	fillPixels(new Uint32Array(image.data.buffer), matrix, ink, part, side);
	context.putImageData(image, 0, 0);
}

/** The pixels of an image, row after row, and how many a row has. */
export interface Pixels {
	readonly words: Uint32Array;
	readonly width: number;
}

/** A square of an image, in pixels. */
export interface Square {
	readonly left: number;
	readonly top: number;
	readonly side: number;
}

// all heads of a model are as large as each other: one buffer of each kind serves them
let scratch = new Uint32Array(0);
let blocks = new Float32Array(0);

/** Draws a whole matrix into a square of an image, its entries as blocks of pixels or, where they are too many, as `drawMatrix` does. */
export function drawMatrixInto(image: Pixels, { left, top, side }: Square, matrix: Matrix, ink: Ink): void {
	const part = whole(matrix);
	const own = sideOf(part, side);
	if (scratch.length < own * own) scratch = new Uint32Array(own * own);
	const from = scratch.subarray(0, own * own);
	fillPixels(from, matrix, ink, part, own);
	const columns = Uint32Array.from({ length: side }, (_, x) => Math.floor((x * own) / side));
	for (let y = 0; y < side; y++) {
		const row = Math.floor((y * own) / side) * own;
		const at = (top + y) * image.width + left;
		for (let x = 0; x < side; x++) image.words[at + x] = from[row + (columns[x] as number)] as number;
	}
}

function whole({ size }: Matrix): Part {
	return { query: 0, key: 0, cells: size };
}

/** Pixels on a side of a part that gets at most so many. */
function sideOf({ cells }: Part, most: number): number {
	return Math.ceil(cells / stepOf(cells, most));
}

/** Entries on a side of the block that a pixel stands for. */
function stepOf(cells: number, most: number): number {
	return Math.max(1, Math.ceil(cells / Math.max(1, most)));
}

function fillPixels(pixels: Uint32Array, matrix: Matrix, ink: Ink, part: Part, side: number): void {
	const step = stepOf(part.cells, side);
	if (step === 1) fill(pixels, matrix, ink, part);
	else fillBlocks(pixels, matrix, ink, part, step, side);
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

/** The bits of a float without its sign: in the order of sizes (IEEE 754). */
const SIZE = 0x7fffffff;

function fillBlocks(
	pixels: Uint32Array,
	{ data, offset, size, minus }: Matrix,
	{ palette, place, hideFirst }: Ink,
	part: Part,
	step: number,
	side: number,
): void {
	if (blocks.length < side * side) blocks = new Float32Array(side * side);
	const extremes = blocks.fill(0, 0, side * side);
	// the farthest from 0 is found among bits, where no branch hangs on the values: such are mispredicted half of the time
	const farthest = bitsOf(extremes);
	const difference = minus && new Float32Array(size);
	const values = bitsOf(difference ?? data);
	const begin = Math.max(part.key, hideFirst ? 1 : 0);
	for (let row = 0; row < part.cells; row++) {
		const query = part.query + row;
		const last = Math.min(query, part.key + part.cells - 1);
		const start = difference ? 0 : offset + query * size;
		if (difference && minus) {
			const [own, other] = [offset + query * size, minus.offset + query * size];
			for (let key = begin; key <= last; key++)
				difference[key] = (data[own + key] as number) - (minus.data[other + key] as number);
		}
		let at = Math.floor(row / step) * side;
		let end = part.key + step - 1;
		let best = farthest[at] as number;
		for (let key = begin; key <= last; key++) {
			if (key > end) {
				farthest[at++] = best;
				end += step;
				best = farthest[at] as number;
			}
			const value = values[start + key] as number;
			const isFarther = ((best & SIZE) - (value & SIZE)) >> 31; // all bits, or none
			best ^= (best ^ value) & isFarther;
		}
		farthest[at] = best;
	}
	pixels.fill(palette[place(0)] as number);
	for (let row = 0; row < side; row++) {
		// blocks of keys behind the last query of a row are never attended to
		const last = Math.floor((part.query - part.key + (row + 1) * step - 1) / step);
		for (let i = row * side; i <= row * side + Math.min(side - 1, last); i++)
			pixels[i] = palette[place(extremes[i] as number)] as number;
	}
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Int32Array {
	return new Int32Array(buffer, byteOffset, length);
}
