import { scaleLinear } from "d3-scale";
import { Tensor } from "../tensor/index.js";
import { checkShape, checkValues, checkWidth } from "./check.js";
import { colourIndex, hex, linearColours, minus, type Rgb, readableOn, short } from "./colour.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import type { Figure } from "./figure.js";
import { headName } from "./head-name.js";
import { decimals, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
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

const GAP = 2;
const BAR_GAP = 20;
/** Smallest font that values are printed in; below it colours alone speak. */
const SMALLEST_TEXT = 7;

/** What `scoreGrid` draws: a number for each head. */
export interface ScoreGridOptions {
	/** One number for each head [layer, head]. */
	values: Tensor;
	title: string;
	/** What the colour bar measures. Default `score`, or `change` where it diverges. */
	measure?: string;
	/** Ends of the colours; a value outside is an error. Default: a round range that holds 0 and every value. */
	range?: readonly [number, number];
	/** Colours centred on 0, for changes: red below, blue above. Default false. */
	diverging?: boolean;
	/** Width of the figure in pixels, 240 to 16384. By default a cell is 26 to 46 pixels wide. */
	width?: number;
}

/**
 * A score of every head as a heat map: layers down, heads across, values printed where they fit. The head with
 * the highest value (with diverging colours: the largest change) has a frame and is named under the title.
 */
export function scoreGrid(options: ScoreGridOptions): string {
	const { diverging = false, measure = diverging ? "change" : "score" } = options;
	checkShape("scoreGrid: values", options.values, ["layer", "head"]);
	checkWidth("scoreGrid", options.width);
	const [layers = 0, heads = 0] = options.values.shape;
	checkValues("scoreGrid: values", options.values);
	const values = options.values.to("float64").data;
	const range = checkRange(options.range, diverging) ?? naturalRange(values, diverging);
	checkValues("scoreGrid: values", options.values, range, ", the range");
	const colours = linearColours(range, diverging);
	const best = strongest(values, diverging);
	const bestName = headName(Math.floor(best / heads), best % heads);
	const word = diverging ? "largest" : "best";
	const heading: Heading = {
		title: options.title,
		notes: [`${word}: head ${bestName}, ${short(values[best] as number)}`],
	};

	const left = MARGIN + 18 + textWidth(String(layers - 1), LABEL_SIZE) + 6;
	const top = MARGIN + headingHeight(heading);
	const around = left + BAR_GAP + colourBarWidth(colours) + MARGIN;
	const cell =
		options.width === undefined
			? Math.max(26, Math.min(46, Math.floor(1000 / heads)))
			: (options.width - around) / heads;
	if (cell < 3) {
		throw new RangeError(
			`scoreGrid: width ${options.width} leaves ${decimals(cell)} pixels to each of ${heads} heads, allowed from ${Math.ceil(around + heads * 3)}`,
		);
	}
	const row = Math.min(cell, Math.max(18, Math.min(30, cell * 0.7)));
	const printed = Array.from(values, (value) => minus(value.toFixed(2)));
	const widest = Math.max(...printed.map((value) => textWidth(value, 1)));
	const fontSize = Math.min(11, (cell - GAP - 4) / widest, row - GAP - 3);

	const cells = printed.map((value, i) => {
		const [layer, head] = [Math.floor(i / heads), i % heads];
		const box = { x: left + head * cell, y: top + layer * row, width: cell - GAP, height: row - GAP };
		const colour = colours.palette[colourIndex(colours, values[i] as number)] as Rgb;
		const middle = { "text-anchor": "middle", "font-size": fontSize, fill: readableOn(colour) };
		return element(
			"g",
			{ class: "head", "data-head": headName(layer, head) },
			element("rect", { ...box, rx: Math.min(2, cell / 8), fill: hex(colour) }),
			fontSize < SMALLEST_TEXT
				? ""
				: text(box.x + box.width / 2, box.y + box.height / 2 + fontSize * 0.36, value, middle),
		);
	});
	const bestBox = { x: left + (best % heads) * cell, y: top + Math.floor(best / heads) * row };
	const width = heads * cell - GAP;
	const height = layers * row - GAP;
	const axisTitle = { "font-size": NOTE_SIZE, "text-anchor": "middle", ...QUIET };
	const everyHead = Math.ceil((textWidth(String(heads - 1), LABEL_SIZE) + 4) / cell);
	const everyLayer = Math.ceil((LABEL_SIZE + 1) / row);
	const layerNames = labels(layers, everyLayer, (i) =>
		text(left - 6, top + i * row + (row - GAP) / 2 + LABEL_SIZE * 0.36, String(i), { "text-anchor": "end" }),
	);
	const headNames = labels(heads, everyHead, (i) =>
		text(left + i * cell + (cell - GAP) / 2, top + height + 14, String(i), { "text-anchor": "middle" }),
	);
	const barHeight = Math.max(84, Math.min(220, height));
	return svgDocument(
		Math.max(around + width, 2 * MARGIN + headingWidth(heading)),
		top + Math.max(height + 36, barHeight + 4) + MARGIN - 4,
		`${options.title}: ${measure} of ${layers} layers by ${heads} heads, ${word} ${bestName}`,
		drawHeading(MARGIN, MARGIN, heading),
		...cells,
		element("rect", { ...bestBox, width: cell - GAP, height: row - GAP, rx: Math.min(2, cell / 8), ...MARK }),
		layerNames,
		headNames,
		text(0, 0, "layer", {
			...axisTitle,
			transform: `translate(${MARGIN + 8} ${decimals(top + height / 2)}) rotate(-90)`,
		}),
		text(left + width / 2, top + height + 31, "head", axisTitle),
		colourBar(left + width + BAR_GAP, top, barHeight, colours, measure),
	);
}

function checkRange(
	range: readonly [number, number] | undefined,
	diverging: boolean,
): readonly [number, number] | undefined {
	if (range === undefined) return undefined;
	const [low, high] = range;
	if (!(low < high && Number.isFinite(high - low)) || (diverging && low !== -high)) {
		const allowed = diverging ? "[-a, a] with a above 0" : "two finite numbers, the lower first";
		throw new RangeError(`scoreGrid: range: got [${range.join(", ")}], allowed ${allowed}`);
	}
	return range;
}

function naturalRange(values: Float64Array, diverging: boolean): readonly [number, number] {
	const high = values.reduce((a, b) => Math.max(a, b), 0);
	const low = values.reduce((a, b) => Math.min(a, b), 0);
	const widest = Math.max(high, -low) || 1;
	const ends = diverging ? [-widest, widest] : high === low ? [0, 1] : [low, high];
	const [from = 0, to = 1] = scaleLinear().domain(ends).nice(5).domain();
	return [from, to];
}

/** Index of the highest value, or of the largest magnitude. */
function strongest(values: Float64Array, diverging: boolean): number {
	const size = diverging ? values.map(Math.abs) : values;
	return size.reduce((best, value, i) => (value > (size[best] as number) ? i : best), 0);
}

function labels(count: number, step: number, draw: (i: number) => string): string {
	return Array.from({ length: Math.ceil(count / step) }, (_, i) => draw(i * step)).join("");
}

/** The registry's record of `scoreGrid`. */
export const scoreGridFigure: Figure = {
	name: "score-grid",
	doc: "A score, or a change, of every head as a heat map.",
	sample: () => {
		const values = Tensor.from([
			[0.02, 0.31, 0.05],
			[0.9, 0.12, 0.44],
		]);
		return scoreGrid({ values, title: "Induction score", range: [0, 1] });
	},
};
