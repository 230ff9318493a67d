import { Tensor } from "../tensor/index.js";
import { inductionPattern } from "./attention-pattern.js";
import { checkShape, checkWidth } from "./check.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import type { Figure } from "./figure.js";
import { checkHeads, headName } from "./head-name.js";
import { type PatternScaleOptions, scalePattern } from "./pattern-scale.js";
import { gridImage, image, pool } from "./pixels.js";
import { decimals, element, text } from "./svg.js";
import {
	drawHeading,
	HAIRLINE,
	type Heading,
	headingHeight,
	headingWidth,
	MARGIN,
	MARK,
	NOTE_SIZE,
	QUIET,
	svgDocument,
} from "./theme.js";

/** Space between patterns, and above each for its name. */
const GAP = 8;
const NAME = 12;
const BAR_GAP = 20;
const AXIS_TITLE = 18;

/** What `headGrid` draws: the patterns of all heads. */
export interface HeadGridOptions extends PatternScaleOptions {
	/** Attention probabilities [layer, head, query, key], 0 to 1. */
	patterns: Tensor;
	title?: string;
	/** Heads with a frame around them, such as the best of a ranking: `["5.1"]`. */
	marked?: readonly string[];
	/** Most that the figure may be wide in pixels, 240 to 16384. By default a pattern is 40 to 160 pixels wide. */
	width?: number;
}

/**
 * Every head's pattern as small multiples: layers down, heads across, one scale for all. Where there are more
 * tokens than pixels, a pixel shows the largest value under it, so that thin stripes stay visible.
 */
export function headGrid(options: HeadGridOptions): string {
	checkShape("headGrid: patterns", options.patterns, ["layer", "head", "query", "key"]);
	checkWidth("headGrid", options.width);
	const [layers = 0, heads = 0] = options.patterns.shape;
	checkHeads("headGrid: marked", options.marked ?? [], layers, heads);
	const marked = new Set(options.marked);
	const { pattern, colours, barTitle, notes } = scalePattern("headGrid", options.patterns, options);
	const heading: Heading = { title: options.title, notes };

	const left = MARGIN + AXIS_TITLE;
	const top = MARGIN + headingHeight(heading) + AXIS_TITLE;
	const around = left + BAR_GAP + colourBarWidth(colours) + MARGIN;
	const size =
		options.width === undefined
			? naturalSize(layers, heads)
			: Math.floor((options.width - around) / heads - GAP);
	if (size < 4) {
		throw new RangeError(
			`headGrid: width ${options.width} leaves ${decimals(size)} pixels to each of ${heads} heads, allowed from ${Math.ceil(around + heads * (4 + GAP))}`,
		);
	}
	const fontSize = Math.min(9, size / 2.2);
	const width = heads * (size + GAP) - GAP;
	const height = layers * (size + NAME + GAP) - GAP;

	const cells = Array.from({ length: layers * heads }, (_, i) => {
		const [layer, head] = [Math.floor(i / heads), i % heads];
		const name = headName(layer, head);
		const one = pattern.select(layer).select(head);
		const [rows = 0, columns = 0] = one.shape;
		const grid = pool({ rows, columns, values: one.data }, size, size);
		const x = left + head * (size + GAP);
		const y = top + layer * (size + NAME + GAP) + NAME;
		const box = { x, y, width: size, height: size };
		const bold = marked.has(name);
		return element(
			"g",
			{ class: "head", "data-head": name },
			text(x, y - 3, name, { "font-size": fontSize, "font-weight": bold ? "bold" : undefined }),
			image(gridImage(grid, colours), box),
			element("rect", { ...box, ...(bold ? MARK : HAIRLINE) }),
		);
	});
	const axis = { "font-size": NOTE_SIZE, ...QUIET };
	const barHeight = Math.max(84, Math.min(220, height - NAME));
	return svgDocument(
		Math.max(around + width, 2 * MARGIN + headingWidth(heading)),
		top + Math.max(height, barHeight + NAME) + MARGIN,
		`${options.title ?? "Attention patterns"}: ${layers} layers by ${heads} heads`,
		drawHeading(MARGIN, MARGIN, heading),
		text(left, top - 6, "head →", axis),
		text(0, 0, "← layer", {
			...axis,
			"text-anchor": "end",
			transform: `translate(${MARGIN + 8} ${top + NAME}) rotate(-90)`,
		}),
		...cells,
		colourBar(left + width + BAR_GAP, top + NAME, barHeight, colours, barTitle),
	);
}

/** 40 to 160 pixels: within about 1100 across and 1400 down where that is possible. */
function naturalSize(layers: number, heads: number): number {
	return Math.max(40, Math.min(160, Math.floor(1100 / heads - GAP), Math.floor(1400 / layers - NAME - GAP)));
}

/** The registry's record of `headGrid`. */
export const headGridFigure: Figure = {
	name: "head-grid",
	doc: "The attention patterns of every head, layers down and heads across.",
	sample: () => {
		const one = (period: number): number[] => Array.from(inductionPattern(period, 24).data as Float32Array);
		const patterns = Float32Array.from([2, 24, 12, 30, 5, 8].flatMap(one));
		return headGrid({
			patterns: new Tensor("float32", [2, 3, 24, 24], patterns),
			title: "Patterns",
			marked: ["1.2"],
		});
	},
};
