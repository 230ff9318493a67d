import { type Attributes, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";

/** Metrics below are those of the first family, which the PNG writer ships; the others are near it in width. */
export const FONT_FAMILY = "'DejaVu Sans Condensed', 'DejaVu Sans', Helvetica, Arial, sans-serif";
export const INK = "#1d2733";
export const PAPER = "#ffffff";

/** Space around a figure, in pixels. */
export const MARGIN = 16;
export const TITLE_SIZE = 14;
export const NOTE_SIZE = 11;
export const LABEL_SIZE = 10;

/** Secondary text: axis titles, notes, tick labels. Its contrast on paper stays above 4.5 to 1. */
export const QUIET: Attributes = { "fill-opacity": 0.72 };
/** Hairlines: frames and ticks. */
export const HAIRLINE: Attributes = { stroke: "currentColor", "stroke-opacity": 0.35, fill: "none" };

/** Title and notes of a figure, from the top left corner. */
export interface Heading {
	title?: string | undefined;
	/** Lines under the title, such as what the colours mean. */
	notes?: readonly string[];
}

/** Height in pixels that a heading takes, the gap under it included. */
export function headingHeight({ title, notes = [] }: Heading): number {
	const lines = (title ? 20 : 0) + notes.length * 16;
	return lines === 0 ? 0 : lines + 8;
}

/** Width in pixels of a heading's longest line. */
export function headingWidth({ title = "", notes = [] }: Heading): number {
	return Math.max(textWidth(title, TITLE_SIZE, true), ...notes.map((note) => textWidth(note, NOTE_SIZE)));
}

export function drawHeading(x: number, y: number, { title, notes = [] }: Heading): string {
	const first = title
		? text(x, y + 12, title, { class: "title", "font-size": TITLE_SIZE, "font-weight": "bold" })
		: "";
	const below = y + (title ? 20 : 0) + 11;
	const rest = notes.map((note, i) => text(x, below + i * 16, note, { "font-size": NOTE_SIZE, ...QUIET }));
	return first + rest.join("");
}

/**
 * The figure itself. Lines and text are drawn in `currentColor` and the background is a `paper` rectangle,
 * so that a page with a dark theme can recolour both; on its own the figure is ink on white.
 */
export function svgDocument(width: number, height: number, label: string, ...children: string[]): string {
	return element(
		"svg",
		{
			xmlns: "http://www.w3.org/2000/svg",
			width: Math.ceil(width),
			height: Math.ceil(height),
			viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
			role: "img",
			"aria-label": label,
			color: INK,
			fill: "currentColor",
			"font-family": FONT_FAMILY,
			"font-size": LABEL_SIZE,
		},
		element("rect", { class: "paper", width: "100%", height: "100%", fill: PAPER }),
		...children,
	);
}

/** The frame of what is pointed out; orange stands out from blue and from red with any colour vision. */
export const MARK: Attributes = { stroke: "#d9730d", "stroke-width": 2, fill: "none" };
