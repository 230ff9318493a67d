import type { Part } from "../../draw/draw-pattern.js";

/** Fewest rows that are shown of a longer text. */
const FEWEST = 4;

/** All of a matrix. */
export function whole(size: number): Part {
	return { query: 0, key: 0, cells: Math.max(1, size) };
}

/** A point of what is shown, 0 to 1 from the left and from the top. */
export interface Point {
	readonly x: number;
	readonly y: number;
}

/**
 * A smaller or larger part around a point, which keeps its place as far as the matrix allows.
 * @param factor above 1: fewer cells, larger
 */
export function zoom(part: Part, size: number, factor: number, { x, y }: Point = { x: 0.5, y: 0.5 }): Part {
	if (factor === 1) return part;
	const least = Math.min(FEWEST, size);
	const wanted = Math.round(part.cells / factor);
	// whole cells: a small step would else be none
	const step = factor > 1 ? Math.min(wanted, part.cells - 1) : Math.max(wanted, part.cells + 1);
	const cells = Math.min(size, Math.max(least, step));
	const gone = part.cells - cells;
	return inside(
		{ query: Math.round(part.query + gone * y), key: Math.round(part.key + gone * x), cells },
		size,
	);
}

/** The part moved by rows and columns. */
export function pan(part: Part, size: number, rows: number, columns: number): Part {
	return inside(
		{ query: Math.round(part.query + rows), key: Math.round(part.key + columns), cells: part.cells },
		size,
	);
}

/** The part moved so that a cell is inside. */
export function toward(part: Part, size: number, query: number, key: number): Part {
	const reach = (first: number, at: number): number =>
		at < first ? at : at >= first + part.cells ? at - part.cells + 1 : first;
	return inside({ query: reach(part.query, query), key: reach(part.key, key), cells: part.cells }, size);
}

function inside({ query, key, cells }: Part, size: number): Part {
	const clamp = (first: number): number => Math.min(Math.max(0, first), size - cells);
	return { query: clamp(query), key: clamp(key), cells };
}
