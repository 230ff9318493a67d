import { decimals, element, text } from "./svg.js";
import { elide, textWidth } from "./text-width.js";
import { HAIRLINE, LABEL_SIZE, QUIET } from "./theme.js";
import { tokenLabel } from "./token-label.js";

/** Longest label in pixels; longer ones end in an ellipsis. */
const LABEL_WIDTH = 92;
/** Nearest that two labels may come, in pixels. */
const LABEL_STEP = 11.5;
/** Pixels between a token and its position. */
const NUMBER_GAP = 4;
/** From the matrix to a label, past its tick. */
const OFFSET = 6;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

/** The tokens along one axis of a pattern. */
export interface AxisTokens {
	tokens: readonly string[];
	/** Position of the first; 1 where the first key is hidden. */
	first: number;
	/** Whether thinned-out labels carry their position. Default true; false where a label tells its place itself. */
	numbered?: boolean;
}

/** Token labels of one axis, and the room they take at a right angle to it. */
export interface AxisLabels {
	/** Pixels from the matrix's left side to the end of the longest label beside rows. */
	readonly extent: number;
	/** Pixels from the matrix's bottom to the end of the longest label under columns. */
	readonly depth: number;
	/** Labels beside rows: `x` is the matrix's left side, `y` its top. */
	rows(x: number, y: number): string;
	/** Labels under columns, read upwards unless all fit across: `x` is the matrix's left side, `y` its bottom. */
	columns(x: number, y: number): string;
}

/**
 * The labels that fit where a cell is `cell` pixels wide. Where some are left out, the others carry their
 * position, since neighbours no longer tell it.
 */
export function axisLabels({ tokens, first, numbered = true }: AxisTokens, cell: number): AxisLabels {
	const step = STEPS.find((candidate) => candidate * cell >= LABEL_STEP) ?? 1000;
	const placed = tokens.flatMap((token, i) => {
		if ((i + first) % step !== 0) return [];
		return [
			{ middle: (i + 0.5) * cell, ...drawLabel(token, step === 1 || !numbered ? undefined : i + first) },
		];
	});
	// names of one or two characters, as positions and channels have them
	const across = !numbered && placed.every(({ width }) => width <= step * cell - 3);
	const draw = (place: (middle: number) => string): string =>
		placed.map(({ middle, markup }) => element("g", { transform: place(middle) }, markup)).join("");
	const widest = Math.max(0, ...placed.map(({ width }) => width));
	return {
		extent: OFFSET + widest,
		depth: OFFSET + (across ? LABEL_SIZE : widest),
		rows: (x, y) => draw((middle) => `translate(${decimals(x)} ${decimals(y + middle)})`),
		columns: (x, y) =>
			across
				? placed.map(({ middle, name }) => drawUpright(x + middle, y, name)).join("")
				: draw((middle) => `translate(${decimals(x + middle)} ${decimals(y)}) rotate(-90)`),
	};
}

/** A label that ends left of the origin, and its tick. */
function drawLabel(
	token: string,
	position: number | undefined,
): { name: string; markup: string; width: number } {
	const number = position === undefined ? "" : String(position);
	const beside = number === "" ? 0 : textWidth(number, LABEL_SIZE) + NUMBER_GAP;
	const name = elide(tokenLabel(token), LABEL_WIDTH - beside, LABEL_SIZE);
	const place = { y: LABEL_SIZE * 0.36, "text-anchor": "end" };
	// two texts: renderers disagree about a gap between tspans at the end of an anchored text
	const markup =
		text(-OFFSET - beside, 0, name, place) +
		(number && text(-OFFSET, 0, number, { ...place, ...QUIET })) +
		element("line", { x1: -4, x2: -1, ...HAIRLINE });
	return { name, markup, width: textWidth(name, LABEL_SIZE) + beside };
}

/** A short label below the point (x, y), and its tick. */
function drawUpright(x: number, y: number, name: string): string {
	return (
		element("line", { x1: x, x2: x, y1: y + 1, y2: y + 4, ...HAIRLINE }) +
		text(x, y + OFFSET + LABEL_SIZE * 0.8, name, { "text-anchor": "middle" })
	);
}
