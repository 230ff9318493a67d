import { scaleLinear } from "d3-scale";
import { checkWidth } from "./check.js";
import { minus, short } from "./colour.js";
import type { Figure } from "./figure.js";
import { element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
import {
	drawHeading,
	HAIRLINE,
	type Heading,
	headingHeight,
	MARGIN,
	NOTE_SIZE,
	QUIET,
	svgDocument,
} from "./theme.js";

const ROW = 24;
const BAR = 12;
/** The bars' colour, and that of the whisker, which must show on the bar and beside it. */
const BLUE = "#6baed6";
const COLUMN = 52;

/** A head's place in a ranking; entries come best first. */
export interface RankingEntry {
	/** Layer and head, such as `5.1`. */
	head: string;
	score: number;
	/** The same score on the paired sample without the repetition. */
	control?: number;
	/** score - control. */
	lift?: number;
	/** Ends of the interval of what the ranking goes by. */
	low?: number;
	high?: number;
}

/** What `ranking` draws: heads, best first. */
export interface RankingOptions {
	entries: readonly RankingEntry[];
	/** Name of the score, such as `induction-repeat`. */
	score: string;
	/** What the ranking goes by and the bars show. Default `lift` where every entry has one, else `score`. */
	by?: "lift" | "score";
	title?: string;
	/** What the whiskers are, such as `95% interval over 50 samples`. Default `interval`. */
	interval?: string;
	/** Heads drawn, from the top. Default 10. */
	top?: number;
	/** Width of the figure in pixels, 240 to 16384. Default 640. */
	width?: number;
}

/**
 * The top heads as bars of what they are ranked by, with the interval as a whisker, and score and control in
 * numbers beside them.
 */
export function ranking(options: RankingOptions): string {
	const { entries, score, top = 10, width = 640, interval = "interval" } = options;
	const by = options.by ?? rankedBy(entries);
	checkRanking("ranking", entries, by, top);
	checkWidth("ranking", width);
	const shown = entries.slice(0, top);
	const measure = by === "lift" ? `lift of ${score} (score − control)` : score;
	const hasInterval = shown.some(({ low }) => low !== undefined);
	const heading: Heading = {
		title: options.title ?? `Heads ranked by ${by}`,
		notes: [`bars: ${measure}${hasInterval ? `; whiskers: ${interval}` : ""}`],
	};
	const columns = (["score", "control", "lift"] as const).filter((name) =>
		shown.some((entry) => entry[name] !== undefined),
	);

	const left = MARGIN + Math.max(...shown.map(({ head }) => textWidth(head, 11, true))) + 10;
	const right = width - MARGIN - columns.length * COLUMN;
	const firstRow = MARGIN + headingHeight(heading) + 18;
	const bottom = firstRow + shown.length * ROW;
	const ends = shown.flatMap((entry) => [entry[by] ?? 0, entry.low ?? 0, entry.high ?? 0]);
	const x = scaleLinear()
		.domain([Math.min(0, ...ends), Math.max(...ends) || 1])
		.nice(5)
		.range([left, right]);

	const rows = shown.map((entry, i) => {
		const middle = firstRow + i * ROW + ROW / 2;
		const value = entry[by] ?? 0;
		const [from, to] = [x(Math.min(0, value)), x(Math.max(0, value))];
		const numbers = columns.map((name, column) =>
			text(
				right + (column + 1) * COLUMN,
				middle + 4,
				entry[name] === undefined ? "–" : minus(entry[name].toFixed(3)),
				{
					"text-anchor": "end",
					"font-size": NOTE_SIZE,
					"font-weight": name === by ? "bold" : undefined,
				},
			),
		);
		return element(
			"g",
			{ class: "head", "data-head": entry.head },
			text(left - 8, middle + 4, entry.head, {
				"text-anchor": "end",
				"font-size": 11,
				"font-weight": "bold",
			}),
			element("rect", { x: from, y: middle - BAR / 2, width: to - from, height: BAR, fill: BLUE }),
			entry.low === undefined || entry.high === undefined ? "" : whisker(x(entry.low), x(entry.high), middle),
			...numbers,
		);
	});
	const format = x.tickFormat(5);
	const ticks = x.ticks(5).map((value) => {
		const at = x(value);
		return (
			element("line", {
				x1: at,
				x2: at,
				y1: firstRow,
				y2: bottom,
				...HAIRLINE,
				"stroke-opacity": value === 0 ? 0.6 : 0.15,
			}) + text(at, bottom + 14, minus(format(value)), { "text-anchor": "middle", ...QUIET })
		);
	});
	const names = columns.map((name, i) =>
		text(right + (i + 1) * COLUMN, firstRow - 6, name, {
			"text-anchor": "end",
			"font-size": NOTE_SIZE,
			...QUIET,
		}),
	);
	const best = shown[0] as RankingEntry;
	return svgDocument(
		width,
		bottom + 36 + MARGIN - 4,
		`${heading.title}: ${shown.length} heads, the first ${best.head} with ${by} ${short(best[by] ?? 0)}`,
		drawHeading(MARGIN, MARGIN, heading),
		...names,
		...ticks,
		...rows,
		text((left + right) / 2, bottom + 31, measure, {
			"text-anchor": "middle",
			"font-size": NOTE_SIZE,
			...QUIET,
		}),
	);
}

function whisker(from: number, to: number, y: number): string {
	const d = `M${from.toFixed(3)} ${y}H${to.toFixed(3)}M${from.toFixed(3)} ${y - 4}v8M${to.toFixed(3)} ${y - 4}v8`;
	return element("path", { d, stroke: "currentColor", "stroke-width": 1.5, fill: "none" });
}

/** What a ranking goes by unless told: lift where every entry has one. */
export function rankedBy(entries: readonly RankingEntry[]): "lift" | "score" {
	return entries.every(({ lift }) => lift !== undefined) ? "lift" : "score";
}

/** Throws unless there are entries, all their numbers are finite, intervals are whole and `top` is a count. */
export function checkRanking(
	where: string,
	entries: readonly RankingEntry[],
	by: "lift" | "score",
	top: number,
): void {
	if (entries.length === 0) throw new RangeError(`${where}: no entries, allowed 1 or more`);
	if (!(Number.isInteger(top) && top >= 1)) {
		throw new RangeError(`${where}: top: got ${top}, allowed whole numbers from 1`);
	}
	for (const [i, entry] of entries.entries()) {
		const at = `${where}: entry ${i} (${entry.head})`;
		for (const name of ["score", "control", "lift", "low", "high"] as const) {
			const value = entry[name];
			if (value === undefined ? name === by || name === "score" : !Number.isFinite(value)) {
				throw new RangeError(`${at}: ${name} is ${value}, allowed finite numbers`);
			}
		}
		const { low, high } = entry;
		if (
			(low === undefined) !== (high === undefined) ||
			(low !== undefined && high !== undefined && low > high)
		) {
			throw new RangeError(
				`${at}: interval ${low} to ${high}, allowed both ends, the lower first, or neither`,
			);
		}
	}
}

/** The registry's record of `ranking`. */
export const rankingFigure: Figure = {
	name: "ranking",
	doc: "The top heads of a ranking as bars with intervals.",
	sample: () =>
		ranking({
			score: "induction",
			entries: [
				{ head: "5.1", score: 0.91, control: 0.04, lift: 0.87, low: 0.84, high: 0.89 },
				{ head: "5.5", score: 0.62, control: 0.05, lift: 0.57, low: 0.5, high: 0.66 },
				{ head: "4.11", score: 0.03, control: 0.05, lift: -0.02, low: -0.04, high: 0.01 },
			],
		}),
};
