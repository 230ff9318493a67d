import type { ColourScale } from "./colour.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import { type Grid, gridImage, image, pool } from "./pixels.js";
import { decimals, element, escapeMarkup, text } from "./svg.js";
import { elide, textWidth } from "./text-width.js";
import {
	drawHeading,
	HAIRLINE,
	type Heading,
	headingHeight,
	LABEL_SIZE,
	MARGIN,
	NOTE_SIZE,
	QUIET,
	svgDocument,
	TITLE_SIZE,
} from "./theme.js";
import { type AxisTokens, tokenLabel } from "./token-label.js";

/** Longest label in pixels; longer ones end in an ellipsis. */
const LABEL_WIDTH = 92;
/** Nearest that two labels may come, in pixels. */
const LABEL_STEP = 11.5;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

export interface MatrixOptions extends Heading {
	grid: Grid;
	rows: AxisTokens;
	columns: AxisTokens;
	rowTitle: string;
	columnTitle: string;
	colours: ColourScale;
	/** What the colour bar measures. */
	barTitle: string;
	/** Width of the figure in pixels; by default cells are whole pixels, 1 to 36 wide. */
	width?: number | undefined;
	/** What a screen reader says. */
	label: string;
}

/** A matrix as one image, labelled tokens on both axes, a heading and a colour bar: the core of a pattern figure. */
export function matrix(options: MatrixOptions): string {
	const { grid, colours } = options;
	const cell = options.width === undefined ? wholeCell(grid) : cellFor(options.width, options);
	const rowLabels = thinned(options.rows, cell);
	const columnLabels = thinned(options.columns, cell);
	const left = leftMargin(rowLabels);
	const top = MARGIN + headingHeight(options);
	const width = cell * grid.columns;
	const height = cell * grid.rows;
	const labelsBelow = widest(columnLabels) + 8;
	const barHeight = Math.max(84, Math.min(height, 220));
	const fine = pool(grid, Math.max(1, Math.round(height)), Math.max(1, Math.round(width)));
	const barLeft = left + width + 22;
	const bottom = Math.max(top + height + labelsBelow + 20, top + barHeight + 4);

	const rowMarks = rowLabels.map(({ at, label }) => {
		const y = top + (at + 0.5) * cell;
		return mark(label, left - 6, y + LABEL_SIZE * 0.36, left - 4, y, left - 1, y, { "text-anchor": "end" });
	});
	const columnMarks = columnLabels.map(({ at, label }) => {
		const x = left + (at + 0.5) * cell;
		const below = top + height;
		const turned = {
			"text-anchor": "end",
			transform: `rotate(-90 ${decimals(x + LABEL_SIZE * 0.36)} ${decimals(below + 6)})`,
		};
		return mark(label, x + LABEL_SIZE * 0.36, below + 6, x, below + 1, x, below + 4, turned);
	});
	const axis = { "font-size": NOTE_SIZE, "text-anchor": "middle", ...QUIET };
	const middle = top + height / 2;

	return svgDocument(
		Math.max(barLeft + colourBarWidth(colours) + MARGIN, headingWidth(options) + 2 * MARGIN),
		bottom + MARGIN - 6,
		options.label,
		drawHeading(MARGIN, MARGIN, options),
		image(gridImage(fine, colours), { x: left, y: top, width, height }, { class: "cells" }),
		element("rect", { x: left, y: top, width, height, ...HAIRLINE }),
		element("g", { class: "row-labels" }, ...rowMarks),
		element("g", { class: "column-labels" }, ...columnMarks),
		text(MARGIN + 8, middle, options.rowTitle, {
			...axis,
			transform: `rotate(-90 ${MARGIN + 8} ${decimals(middle)})`,
		}),
		text(left + width / 2, top + height + labelsBelow + 14, options.columnTitle, axis),
		colourBar(barLeft, top, barHeight, colours, options.barTitle),
	);
}

interface PlacedLabel {
	at: number;
	/** Markup of the label. */
	label: string;
	width: number;
}

/** The labels that fit at this cell size; where some are left out, the others carry their position. */
function thinned({ labels, first }: AxisTokens, cell: number): PlacedLabel[] {
	const step = STEPS.find((candidate) => candidate * cell >= LABEL_STEP) ?? 1000;
	return labels.flatMap((token, at) => {
		const position = at + first;
		if (position % step !== 0) return [];
		const number = step === 1 ? "" : ` ${position}`;
		const name = elide(tokenLabel(token), LABEL_WIDTH - textWidth(number, LABEL_SIZE), LABEL_SIZE);
		const label = escapeMarkup(name) + (number && element("tspan", { "fill-opacity": 0.6 }, number));
		return [{ at, label, width: textWidth(name + number, LABEL_SIZE) }];
	});
}

function mark(
	label: string,
	x: number,
	y: number,
	x1: number,
	y1: number,
	x2: number,
	y2: number,
	attributes: Record<string, string | number>,
): string {
	return element("text", { x, y, ...attributes }, label) + element("line", { x1, y1, x2, y2, ...HAIRLINE });
}

function widest(labels: readonly PlacedLabel[]): number {
	return Math.max(0, ...labels.map(({ width }) => width));
}

function leftMargin(labels: readonly PlacedLabel[]): number {
	return MARGIN + 16 + widest(labels) + 8;
}

function headingWidth({ title = "", notes = [] }: Heading): number {
	return Math.max(textWidth(title, TITLE_SIZE, true), ...notes.map((note) => textWidth(note, NOTE_SIZE)));
}

function wholeCell({ rows, columns }: Grid): number {
	return Math.max(1, Math.min(36, Math.floor(460 / Math.max(rows, columns))));
}

/** Size of a cell in a figure of `width` pixels; the margin depends on it in turn, so it is found twice. */
function cellFor(width: number, options: MatrixOptions): number {
	const right = 22 + colourBarWidth(options.colours) + MARGIN;
	let cell = (width - right) / options.grid.columns;
	for (let round = 0; round < 2; round++) {
		cell = (width - right - leftMargin(thinned(options.rows, cell))) / options.grid.columns;
	}
	if (!(cell * options.grid.columns >= 8)) {
		throw new RangeError(`matrix: width ${width} leaves no room for the cells, allowed widths from 240`);
	}
	return cell;
}
