import { scaleLinear } from "d3-scale";
import { Tensor } from "../tensor/index.js";
import { axisLabels } from "./axis-labels.js";
import { checkShape, checkValues } from "./check.js";
import { colourIndex, hex, linearColours, minus, type Rgb, readableOn } from "./colour.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import type { Figure } from "./figure.js";
import { labelsOf, type NamedAxis } from "./named-axis.js";
import { decimals, element, text } from "./svg.js";
import { elide, textWidth } from "./text-width.js";
import {
	drawHeading,
	type Heading,
	headingHeight,
	headingWidth,
	LABEL_SIZE,
	MARGIN,
	MARK,
	NOTE_SIZE,
	QUIET,
	svgDocument,
} from "./theme.js";
import { tokenLabel } from "./token-label.js";
import { checkRange, type Range } from "./value-range.js";

const GAP = 2;
const BAR_GAP = 20;
const AXIS_TITLE = 16;
/** Least and most pixels of a cell's width, and its height with one line of text. */
const [NARROWEST, WIDEST, LINE] = [38, 86, 15];
/** More would neither be read nor drawn in a time that one waits for. */
const MOST_COLUMNS = 256;

/** What `tokenGrid` draws: a number in each cell, and a token where there is one. */
export interface TokenGridOptions {
	/** [row, column] */
	readonly values: Tensor;
	/** The token of each cell [row][column], printed above its value. */
	readonly tokens?: readonly (readonly string[])[];
	/** Cells with a frame [row][column], such as those whose token is the answer. */
	readonly marked?: readonly (readonly boolean[])[];
	readonly rows: NamedAxis;
	readonly columns: NamedAxis;
	readonly title: string;
	/** Lines under the title. */
	readonly notes?: readonly string[];
	/** What the colour bar measures. */
	readonly measure: string;
	/** Ends of the colours; a value outside is an error. Default 0 to 1, with diverging colours a round one that holds every value. */
	readonly range?: Range;
	/** Colours centred on 0, for what may be negative: red below, blue above. Default false. */
	readonly diverging?: boolean;
}

/**
 * A grid of cells that are wide enough for a token: what a model would say at each layer and position, with its
 * probability as the colour; or what parts of a model add to a logit.
 */
export function tokenGrid(options: TokenGridOptions): string {
	const { values, tokens, marked, title, notes = [], measure, diverging = false } = options;
	checkShape("tokenGrid: values", values, ["row", "column"]);
	const [rows = 0, columns = 0] = values.shape;
	if (columns > MOST_COLUMNS) {
		throw new RangeError(
			`tokenGrid: ${columns} columns, allowed up to ${MOST_COLUMNS}; choose fewer positions`,
		);
	}
	for (const [name, grid] of Object.entries({ tokens, marked })) checkGrid(name, grid, rows, columns);
	const numbers = values.to("float64").data;
	const range = options.range ?? naturalRange(numbers, diverging);
	checkRange("tokenGrid", range);
	checkValues("tokenGrid: values", values, range, ", the range");
	const colours = linearColours(range, diverging);
	const heading: Heading = { title, notes };

	const names = tokens?.flat().map(tokenLabel);
	const printed = Array.from(numbers, twoDecimals);
	const widest = Math.max(
		...(names ?? []).map((name) => textWidth(name, LABEL_SIZE)),
		...printed.map((value) => textWidth(value, LABEL_SIZE)),
	);
	const cell = Math.min(WIDEST, Math.max(NARROWEST, Math.ceil(widest) + 8 + GAP));
	const row = (names ? 2 : 1) * LINE + GAP;
	const rowLabels = axisLabels(labelsOf("tokenGrid", options.rows, rows), row);
	const columnLabels = axisLabels(labelsOf("tokenGrid", options.columns, columns), cell);
	const left = MARGIN + AXIS_TITLE + rowLabels.extent;
	const top = MARGIN + headingHeight(heading);
	const [width, height] = [columns * cell - GAP, rows * row - GAP];

	const cells = printed.map((value, i) => {
		const [r, c] = [Math.floor(i / columns), i % columns];
		const box = { x: left + c * cell, y: top + r * row, width: cell - GAP, height: row - GAP };
		const colour = colours.palette[colourIndex(colours, numbers[i] as number)] as Rgb;
		const middle = { "text-anchor": "middle", "font-size": LABEL_SIZE, fill: readableOn(colour) };
		const line = (k: number, content: string, more = {}): string =>
			text(box.x + box.width / 2, box.y + k * LINE + LINE / 2 + LABEL_SIZE * 0.36, content, {
				...middle,
				...more,
			});
		const name = names && elide(names[i] as string, box.width - 6, LABEL_SIZE);
		return element(
			"g",
			{ class: "cell", "data-cell": `${r},${c}` },
			element("rect", { ...box, rx: 2, fill: hex(colour) }),
			name === undefined ? line(0, value) : line(0, name, { "font-weight": "bold" }) + line(1, value),
		);
	});
	const frames = (marked?.flat() ?? []).flatMap((isMarked, i) => {
		if (!isMarked) return [];
		const [r, c] = [Math.floor(i / columns), i % columns];
		const box = { x: left + c * cell, y: top + r * row, width: cell - GAP, height: row - GAP };
		return [element("rect", { ...box, rx: 2, ...MARK })];
	});
	const axisTitle = { "font-size": NOTE_SIZE, "text-anchor": "middle", ...QUIET };
	const barHeight = Math.max(84, Math.min(220, height));
	const below = top + height + columnLabels.depth;
	return svgDocument(
		Math.max(left + width + BAR_GAP + colourBarWidth(colours) + MARGIN, 2 * MARGIN + headingWidth(heading)),
		Math.max(below + AXIS_TITLE, top + barHeight + 4) + MARGIN,
		`${title}: ${measure} of ${rows} ${options.rows.title} by ${columns} ${options.columns.title}`,
		drawHeading(MARGIN, MARGIN, heading),
		...cells,
		...frames,
		rowLabels.rows(left, top - GAP / 2),
		columnLabels.columns(left - GAP / 2, top + height),
		text(0, 0, options.rows.title, {
			...axisTitle,
			transform: `translate(${MARGIN + 8} ${decimals(top + height / 2)}) rotate(-90)`,
		}),
		text(left + width / 2, below + 12, options.columns.title, axisTitle),
		colourBar(left + width + BAR_GAP, top, barHeight, colours, measure),
	);
}

/** As a heat map's cells have them: finer steps are the colours' to show. */
function twoDecimals(value: number): string {
	const size = Math.abs(value);
	return minus(value.toFixed(size < 99.95 ? 2 : size < 999.5 ? 1 : 0));
}

function checkGrid(
	name: string,
	grid: readonly (readonly unknown[])[] | undefined,
	rows: number,
	columns: number,
): void {
	if (!grid || (grid.length === rows && grid.every((row) => row.length === columns))) return;
	const lengths = [...new Set(grid.map((row) => row.length))].join(" and ");
	throw new RangeError(
		`tokenGrid: ${name}: ${grid.length} rows of ${lengths || "no"} cells for values [${rows}, ${columns}]`,
	);
}

function naturalRange(values: Float64Array, diverging: boolean): Range {
	if (!diverging) return [0, 1];
	const widest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
	const [low = -1, high = 1] = scaleLinear().domain([-widest, widest]).nice(5).domain();
	return [low, high];
}

/** The registry's record of `tokenGrid`. */
export const tokenGridFigure: Figure = {
	name: "token-grid",
	doc: "Cells with a token and a number: what a model would say at each layer and position.",
	sample: () =>
		tokenGrid({
			values: Tensor.from([
				[0.08, 0.11, 0.05],
				[0.22, 0.71, 0.31],
				[0.2, 0.98, 0.86],
			]),
			tokens: [
				[" the", " fox", "\n"],
				[" a", " moon", " fox"],
				[" red", " moon", " bread"],
			],
			marked: [
				[false, false, false],
				[false, false, false],
				[false, false, true],
			],
			rows: { title: "stream", labels: ["0_pre", "1_pre", "final_post"] },
			columns: { title: "position", labels: ["red", " fox", " moon"] },
			title: "Logit lens",
			measure: "probability",
		}),
};
