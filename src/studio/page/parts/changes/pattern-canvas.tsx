import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Palette, paletteFor, sequential } from "../../draw/palette.js";
import { isDark } from "../../draw/theme.js";
import type { Cell, Drawing } from "./drawing.js";

export interface PatternCanvasProps {
	readonly drawing: Drawing;
	/** Pixels on a side of a cell. */
	readonly side: number;
	readonly cursor: Cell;
	/** Id of the text that says what is under the cursor. */
	readonly describedBy: string;
	/** A stroke goes from a cell to another; `first` where it begins. */
	stroke(from: Cell, to: Cell, first: boolean): void;
	onKeyDown(event: KeyboardEvent): void;
}

/** The cells, painted with the pointer. Cells behind the query are hatched: nothing can be painted there. */
export function PatternCanvas(props: PatternCanvasProps): JSX.Element {
	const { drawing, side, cursor, describedBy, stroke, onKeyDown } = props;
	const canvas = useRef<HTMLCanvasElement>(null);
	const last = useRef<Cell | undefined>(undefined);
	const dark = isDark.value;
	useLayoutEffect(() => {
		if (canvas.current) draw(canvas.current, drawing, cursor, side, dark);
	}, [drawing, cursor, side, dark]);
	const cellAt = (event: PointerEvent): Cell => {
		const box = canvas.current?.getBoundingClientRect();
		const place = (at: number, from: number, extent: number): number =>
			Math.min(drawing.size - 1, Math.max(0, Math.floor(((at - from) / extent) * drawing.size)));
		return {
			query: place(event.clientY, box?.top ?? 0, box?.height || 1),
			key: place(event.clientX, box?.left ?? 0, box?.width || 1),
		};
	};
	return (
		// biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: its keys are its own, as this role tells screen readers
		<canvas
			ref={canvas}
			class="pattern-canvas"
			style={{ width: `${side * drawing.size}px`, height: `${side * drawing.size}px` }}
			tabIndex={0}
			role="application"
			aria-label="Pattern: arrows move, digits set a share, Space paints, Delete clears"
			aria-describedby={describedBy}
			onKeyDown={onKeyDown}
			onPointerDown={(event) => {
				if (event.button !== 0) return;
				const cell = cellAt(event);
				canvas.current?.setPointerCapture(event.pointerId);
				last.current = cell;
				stroke(cell, cell, true);
			}}
			onPointerMove={(event) => {
				if (!last.current) return;
				const cell = cellAt(event);
				if (cell.query === last.current.query && cell.key === last.current.key) return;
				stroke(last.current, cell, false);
				last.current = cell;
			}}
			onPointerUp={() => {
				last.current = undefined;
			}}
			onPointerCancel={() => {
				last.current = undefined;
			}}
		/>
	);
}

function draw(
	canvas: HTMLCanvasElement,
	{ size, shares }: Drawing,
	cursor: Cell,
	side: number,
	dark: boolean,
): void {
	const sharp = Math.min(2, devicePixelRatio || 1);
	canvas.width = size * side * sharp;
	canvas.height = canvas.width;
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) return;
	const style = getComputedStyle(canvas);
	const colour = (name: string): string => style.getPropertyValue(name).trim();
	const palette = paletteFor(dark);
	const place = sequential("linear");
	context.scale(sharp, sharp);
	context.fillStyle = colour("--raised");
	context.fillRect(0, 0, size * side, size * side);
	for (let query = 0; query < size; query++) {
		for (let key = 0; key <= query; key++) {
			context.fillStyle = css(palette, place(shares[query * size + key] as number));
			context.fillRect(key * side, query * side, side, side);
		}
	}
	context.strokeStyle = colour("--line");
	context.lineWidth = 1;
	context.beginPath();
	for (let query = 0; query < size; query++) {
		for (let key = 0; key < size; key++) {
			const [x, y] = [key * side, query * side];
			if (key <= query) {
				if (side >= 8) context.rect(x + 0.5, y + 0.5, side, side);
			} else {
				context.moveTo(x, y + side);
				context.lineTo(x + side, y);
			}
		}
	}
	context.stroke();
	// seen on any colour: dark in light, or light in dark
	for (const [name, width] of [
		["--ground", 5],
		["--ink", 2],
	] as const) {
		context.strokeStyle = colour(name);
		context.lineWidth = width;
		context.strokeRect(cursor.key * side + 1.5, cursor.query * side + 1.5, side - 3, side - 3);
	}
}

function css(palette: Palette, place: number): string {
	const pixel = palette[place] as number;
	return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
}
