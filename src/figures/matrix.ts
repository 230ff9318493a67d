import { type AxisTokens, axisLabels } from "./axis-labels.js";
import type { ColourScale } from "./colour.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import { type Grid, gridImage, image, pool } from "./pixels.js";
import { decimals, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
import {
	drawHeading,
	HAIRLINE,
	type Heading,
	headingHeight,
	headingWidth,
	MARGIN,
	NOTE_SIZE,
	QUIET,
	svgDocument,
} from "./theme.js";

/** From the figure's left side to where row labels may begin: the margin and the axis title. */
const AXIS_TITLE = MARGIN + 16;
/** Between the matrix and its colour bar. */
const BAR_GAP = 22;

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
	const rowLabels = axisLabels(options.rows, cell);
	const columnLabels = axisLabels(options.columns, cell);
	const width = cell * grid.columns;
	const height = cell * grid.rows;
	const left = AXIS_TITLE + rowLabels.extent;
	const top = MARGIN + headingHeight(options);
	const pixels = pool(grid, Math.max(1, Math.round(height)), Math.max(1, Math.round(width)));

	// beside a very small matrix the titles and the bar decide the height
	const rowTitleLength = textWidth(options.rowTitle, NOTE_SIZE);
	const barHeight = Math.max(84, Math.min(height, 220));
	const columnTitleAt = height + columnLabels.depth + 16;
	const middle = top + Math.max(height, rowTitleLength) / 2;
	const barLeft =
		Math.max(left + width, left + width / 2 + textWidth(options.columnTitle, NOTE_SIZE) / 2 - 8) + BAR_GAP;
	const axisTitle = { "font-size": NOTE_SIZE, "text-anchor": "middle", ...QUIET };

	return svgDocument(
		Math.max(barLeft + colourBarWidth(colours), MARGIN + headingWidth(options)) + MARGIN,
		top + Math.max(columnTitleAt + 4, barHeight, rowTitleLength) + MARGIN,
		options.label,
		drawHeading(MARGIN, MARGIN, options),
		image(gridImage(pixels, colours), { x: left, y: top, width, height }, { class: "cells" }),
		element("rect", { x: left, y: top, width, height, ...HAIRLINE }),
		rowLabels.rows(left, top),
		columnLabels.columns(left, top + height),
		text(0, 0, options.rowTitle, {
			...axisTitle,
			transform: `translate(${MARGIN + 8} ${decimals(middle)}) rotate(-90)`,
		}),
		text(left + width / 2, top + columnTitleAt, options.columnTitle, axisTitle),
		colourBar(barLeft, top, barHeight, colours, options.barTitle),
	);
}

/** Whole pixels for a cell, so that the image stays sharp: a matrix of about 460 pixels where that is possible. */
function wholeCell({ rows, columns }: Grid): number {
	return Math.max(1, Math.min(36, Math.floor(460 / Math.max(rows, columns))));
}

/** Size of a cell in a figure of `width` pixels; the margin depends on it in turn, so it is found twice. */
function cellFor(width: number, options: MatrixOptions): number {
	const around = AXIS_TITLE + BAR_GAP + colourBarWidth(options.colours) + MARGIN;
	let cell = (width - around) / options.grid.columns;
	for (let round = 0; round < 2; round++) {
		cell = (width - around - axisLabels(options.rows, Math.max(0.001, cell)).extent) / options.grid.columns;
	}
	return cell;
}
