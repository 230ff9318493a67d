import { quote, refuse } from "./errors.js";

/** One tensor of a file: its type as the file calls it, its shape, and the bytes it lies in. */
export interface TensorEntry {
	readonly dtype: string;
	/** Outermost axis first, row-major. */
	readonly shape: readonly number[];
	/** First byte, counted from the start of the file. */
	readonly offset: number;
	/** Length in bytes. */
	readonly length: number;
}

/** Most axes of a stored tensor. Weights have at most 4, cached activations at most 5. */
export const MAX_RANK = 8;

/**
 * Product of the extents, or undefined where one is not a whole number >= 0 or the product is
 * beyond what a JavaScript number counts exactly (an absurd shape must not wrap into a small one).
 */
export function elementsOf(shape: readonly number[]): number | undefined {
	let product = 1;
	for (const extent of shape) {
		if (!Number.isSafeInteger(extent) || extent < 0) return undefined;
		product *= extent;
		if (!Number.isSafeInteger(product)) return undefined;
	}
	return product;
}

/** Refuses entries that overlap, leave the file, or have gaps larger than `padTo - 1` bytes between them. */
export function checkLayout(
	entries: ReadonlyMap<string, TensorEntry>,
	start: number,
	end: number,
	padTo: number,
	where: string,
): void {
	const sorted = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
	let next = start;
	let before = "the header";
	for (const [name, { offset, length }] of sorted) {
		const expected = Math.ceil(next / padTo) * padTo;
		if (offset !== expected) {
			const fault = offset < expected ? "overlaps" : "leaves a gap after";
			refuse(
				where,
				`tensor ${quote(name)} at byte ${offset} ${fault} ${before}, whose end allows ${expected}`,
			);
		}
		next = offset + length;
		if (next > end) {
			refuse(where, `tensor ${quote(name)} ends at byte ${next}, the file has ${end} (truncated?)`);
		}
		before = `tensor ${quote(name)}`;
	}
}
