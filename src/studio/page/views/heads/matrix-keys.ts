import type { Heads } from "./heads.js";
import { toward, whole, zoom } from "./matrix-part.js";

/** How much a key zooms. */
const STEP = 1.5;

const WAYS: Readonly<Record<string, readonly [number, number]>> = {
	ArrowUp: [-1, 0],
	ArrowDown: [1, 0],
	ArrowLeft: [0, -1],
	ArrowRight: [0, 1],
};

/**
 * Keys of a large matrix: arrows go from cell to cell, + and - zoom, Home shows all. Enter and Space are a click.
 * @returns whether the key meant something
 */
export function pressMatrixKey(heads: Heads, key: string): boolean {
	const size = heads.patterns.peek()?.size ?? 1;
	const part = heads.part.peek();
	const way = WAYS[key];
	if (way) {
		const place = heads.place.peek();
		const query = clamp((place.query ?? size - 1) + way[0], size);
		const at = clamp((place.key ?? 0) + way[1], size);
		heads.pointed.value = { query, key: at };
		heads.zoomTo(toward(part, size, query, at));
		return true;
	}
	if (key === "+" || key === "=") heads.zoomTo(zoom(part, size, STEP));
	else if (key === "-") heads.zoomTo(zoom(part, size, 1 / STEP));
	else if (key === "Home") heads.zoomTo(whole(size));
	else return false;
	return true;
}

function clamp(at: number, size: number): number {
	return Math.min(Math.max(0, at), size - 1);
}
