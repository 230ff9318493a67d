import type { Part } from "../../draw/draw-pattern.js";
import type { Place } from "./heads.js";

/**
 * Marks the row of a query, solid, and the column of a key, dashed, on a canvas of their own, so that moving a pointer
 * never draws the matrix itself. Nothing of the page is measured here: that would lay it out for each move.
 * @param look the canvas' width in CSS pixels, and the page's colours
 */
export function drawMarks(
	canvas: HTMLCanvasElement,
	{ query, key }: Place,
	part: Part,
	look: { readonly width: number; readonly dark: boolean },
): void {
	const side = Math.max(1, Math.round(look.width * devicePixelRatio));
	if (canvas.width !== side || canvas.height !== side) {
		canvas.width = side;
		canvas.height = side;
	}
	const context = canvas.getContext("2d");
	if (!context) return;
	context.clearRect(0, 0, side, side);
	const cell = side / part.cells;
	const width = Math.max(1, Math.round(2 * devicePixelRatio));
	// a line beside the cells of a row, never over them
	const line = (first: number, draw: (start: number, end: number) => void): void => {
		if (first < 0 || first >= part.cells) return;
		draw(first * cell - width / 2, (first + 1) * cell + width / 2);
	};
	context.strokeStyle = look.dark ? "#fdba74" : "#9a3412";
	context.lineWidth = width;
	if (query !== null) {
		context.setLineDash([]);
		line(query - part.query, (top, bottom) =>
			context.strokeRect(-width, top, side + 2 * width, bottom - top),
		);
	}
	if (key !== null) {
		context.setLineDash([4 * width, 3 * width]);
		line(key - part.key, (left, right) => context.strokeRect(left, -width, right - left, side + 2 * width));
	}
}
