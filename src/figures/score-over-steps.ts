import { scaleLinear, scaleSymlog } from "d3-scale";
import { schemeDark2 } from "d3-scale-chromatic";
import { checkWidth } from "./check.js";
import { minus } from "./colour.js";
import type { Figure } from "./figure.js";
import { decimals, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
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
} from "./theme.js";

const PANEL = 200;
const GAP = 22;
/** Labels at the lines' ends keep this distance from each other. */
const LABEL_STEP = LABEL_SIZE + 2;
/** Lines that are named unless told. */
const NAMED = 3;
/** With more checkpoints than this their dots would run into each other. */
const MOST_DOTS = 60;

/** A value at each step, such as one head's score. */
export interface StepLine {
	name: string;
	/** As many as there are steps. */
	values: readonly number[];
	/** Ends of each value's interval. */
	low?: readonly number[];
	high?: readonly number[];
}

/** One plot; panels stand one above the other over the same steps. */
export interface StepPanel {
	/** What the vertical axis measures. */
	measure: string;
	lines: readonly StepLine[];
	/** Lines that are coloured and named. Default: the three that rise highest. */
	named?: readonly string[];
	/** Ends of the vertical axis. Default: a round range that holds 0 and every value. */
	range?: readonly [number, number];
}

/** What {@link scoreOverSteps} draws. */
export interface ScoreOverStepsOptions {
	/** Training steps in rising order, from 0. */
	steps: readonly number[];
	panels: readonly StepPanel[];
	/** A linear axis instead: what it counts, and what stands at each step. Labels without room are left out. */
	axis?: { readonly title: string; readonly labels: readonly string[] };
	title?: string;
	/** Lines under the title. */
	notes?: readonly string[];
	/** Width of the figure in pixels, 240 to 16384. Default 720. */
	width?: number;
}

/**
 * Scores over training: a line for each head, steps on a logarithmic axis (that of log(1 + step), which has a
 * place for step 0). The lines that matter are named where they end and have the same colour in every panel;
 * the others stay thin and pale.
 */
export function scoreOverSteps(options: ScoreOverStepsOptions): string {
	const { steps, panels, axis, width = 720, notes = [] } = options;
	checkWidth("scoreOverSteps", width);
	checkSteps(steps);
	if (axis && axis.labels.length !== steps.length)
		throw new RangeError(`scoreOverSteps: axis: ${axis.labels.length} labels for ${steps.length} steps`);
	if (panels.length === 0) throw new RangeError("scoreOverSteps: no panels, allowed 1 or more");
	for (const panel of panels) checkPanel(panel, steps.length);
	const heading: Heading = { title: options.title, notes };
	const named = panels.map((panel) => panel.named ?? highest(panel.lines));
	const colours = new Map([...new Set(named.flat())].map((name, i) => [name, colour(i)]));
	const labelWidth = Math.max(...[...colours.keys()].map((name) => textWidth(name, LABEL_SIZE)), 0);
	const left = MARGIN + 50;
	const right = width - MARGIN - labelWidth - 10;
	const top = MARGIN + headingHeight(heading) + 4;
	const [first, last] = [steps[0] as number, steps.at(-1) as number];
	// one checkpoint alone stands in the middle
	const x = (axis ? scaleLinear() : scaleSymlog())
		.domain(first === last ? [first - 0.5, last + 0.5] : [first, last])
		.range([left, right]);
	const bottom = top + panels.length * (PANEL + GAP) - GAP;
	const drawn = panels.map((panel, i) =>
		drawPanel(panel, { named: named[i] ?? [], colours, steps, x, left, right, top: top + i * (PANEL + GAP) }),
	);
	const marks = axis
		? labelled(steps, axis.labels, x)
		: stepTicks(first, last).map((step) => [step, String(step)] as const);
	const ticks = marks.map(([step, label]) => {
		const at = x(step);
		const line = element("line", { x1: at, x2: at, y1: bottom, y2: bottom + 4, ...HAIRLINE });
		return line + text(at, bottom + 15, label, { "text-anchor": "middle", ...QUIET });
	});
	return svgDocument(
		width,
		bottom + 34 + MARGIN - 4,
		`${options.title ?? panels[0]?.measure}: steps ${first} to ${last}, ${panels.map(({ measure }) => measure).join("; ")}`,
		drawHeading(MARGIN, MARGIN, heading),
		...drawn,
		...ticks,
		text((left + right) / 2, bottom + 31, axis?.title ?? "training step (log)", {
			"text-anchor": "middle",
			"font-size": NOTE_SIZE,
			...QUIET,
		}),
	);
}

interface Place {
	readonly named: readonly string[];
	readonly colours: ReadonlyMap<string, string>;
	readonly steps: readonly number[];
	readonly x: (step: number) => number;
	readonly left: number;
	readonly right: number;
	readonly top: number;
}

function drawPanel(panel: StepPanel, place: Place): string {
	const { named, colours, steps, x, left, right, top } = place;
	const y = scaleLinear()
		.domain(panel.range ?? naturalRange(panel.lines))
		.range([top + PANEL, top]);
	const format = y.tickFormat(5);
	const grid = y.ticks(5).map((value) => {
		const at = y(value);
		const line = element("line", {
			x1: left,
			x2: right,
			y1: at,
			y2: at,
			...HAIRLINE,
			"stroke-opacity": 0.15,
		});
		const label = { "text-anchor": "end", ...QUIET };
		return line + text(left - 6, at + LABEL_SIZE * 0.36, minus(format(value)), label);
	});
	const points = (values: readonly number[]): string[] =>
		values.map((value, i) => `${decimals(x(steps[i] as number))} ${decimals(y(value))}`);
	// named lines lie above the others
	const isNamed = ({ name }: StepLine): boolean => named.includes(name);
	const order = [...panel.lines.filter((line) => !isNamed(line)), ...panel.lines.filter(isNamed)];
	const lines = order.map((line) => {
		const stroke = isNamed(line) ? colours.get(line.name) : undefined;
		const style = stroke
			? { stroke, "stroke-width": 1.8 }
			: { stroke: "currentColor", "stroke-width": 1, "stroke-opacity": 0.22 };
		const d = `M${points(line.values).join("L")}`;
		const { low, high } = line;
		const band =
			stroke && low && high
				? element("path", {
						d: `M${points(high).join("L")}L${points(low).reverse().join("L")}Z`,
						fill: stroke,
						"fill-opacity": 0.14,
					})
				: "";
		const dots =
			steps.length === 1 || (stroke && steps.length <= MOST_DOTS)
				? line.values.map((value, i) =>
						element("circle", {
							cx: x(steps[i] as number),
							cy: y(value),
							r: 2,
							fill: stroke ?? "currentColor",
						}),
					)
				: [];
		return element(
			"g",
			{ class: "line", "data-name": line.name },
			band,
			element("path", { d, fill: "none", "stroke-linejoin": "round", ...style }),
			...dots,
		);
	});
	const ends = panel.lines
		.filter(isNamed)
		.map(({ name, values }) => ({ name, at: y(values.at(-1) as number) }));
	const labels = spread(ends, top, top + PANEL).map(({ name, at }) =>
		text(right + 8, at + LABEL_SIZE * 0.36, name, { fill: colours.get(name), "font-weight": "bold" }),
	);
	const title = {
		"text-anchor": "middle",
		"font-size": NOTE_SIZE,
		transform: `translate(${MARGIN + 8} ${decimals(top + PANEL / 2)}) rotate(-90)`,
		...QUIET,
	};
	const frame = element("rect", { x: left, y: top, width: right - left, height: PANEL, ...HAIRLINE });
	return [...grid, frame, ...lines, ...labels, text(0, 0, panel.measure, title)].join("");
}

/** Moves labels apart from top to bottom, then back up from the bottom where they would leave the panel. */
function spread<T extends { at: number }>(labels: readonly T[], top: number, bottom: number): T[] {
	const sorted = [...labels].sort((a, b) => a.at - b.at);
	let least = top;
	const down = sorted.map((label) => {
		const at = Math.max(label.at, least);
		least = at + LABEL_STEP;
		return { ...label, at };
	});
	let most = bottom;
	return down.reverse().map((label) => {
		const at = Math.min(label.at, most);
		most = at - LABEL_STEP;
		return { ...label, at };
	});
}

function colour(i: number): string {
	return schemeDark2[i % schemeDark2.length] as string;
}

/** Names of the lines that rise highest at any step. */
function highest(lines: readonly StepLine[]): string[] {
	return [...lines]
		.sort((a, b) => Math.max(...b.values) - Math.max(...a.values))
		.slice(0, NAMED)
		.map(({ name }) => name);
}

function naturalRange(lines: readonly StepLine[]): [number, number] {
	const all = lines.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]);
	const most = Math.max(...all) || 1;
	const least = Math.min(0, ...all);
	// what is below 0 by less than a line's width needs no room
	const [from = 0, to = 1] = scaleLinear()
		.domain([least > -0.01 * most ? 0 : least, most])
		.nice(5)
		.domain();
	return [from, to];
}

/** The ends that the axis needs to be read: 0 where it starts there, and powers of ten. */
function stepTicks(first: number, last: number): number[] {
	const powers = Array.from({ length: 16 }, (_, i) => 10 ** i).filter((p) => p >= first && p <= last);
	const ticks = [...(first === 0 ? [0] : []), ...powers];
	return ticks.length >= 2 ? ticks : [...new Set([first, ...ticks, last])];
}

/** Every label that has room beside the one before it. */
function labelled(
	steps: readonly number[],
	labels: readonly string[],
	x: (step: number) => number,
): (readonly [number, string])[] {
	let free = Number.NEGATIVE_INFINITY;
	return steps.flatMap((step, i) => {
		const half = textWidth(labels[i] as string, LABEL_SIZE) / 2;
		if (x(step) - half < free) return [];
		free = x(step) + half + 8;
		return [[step, labels[i] as string] as const];
	});
}

function checkSteps(steps: readonly number[]): void {
	if (steps.length === 0) throw new RangeError("scoreOverSteps: no steps, allowed 1 or more");
	for (const [i, step] of steps.entries()) {
		if (Number.isSafeInteger(step) && step >= 0 && step > (steps[i - 1] ?? -1)) continue;
		throw new RangeError(
			`scoreOverSteps: steps[${i}] is ${step}, allowed whole numbers from 0 in rising order`,
		);
	}
}

function checkPanel({ measure, lines, named = [], range }: StepPanel, steps: number): void {
	const where = `scoreOverSteps: ${measure}`;
	if (lines.length === 0) throw new RangeError(`${where}: no lines, allowed 1 or more`);
	for (const { name, values, low, high } of lines) {
		for (const list of [values, low, high]) {
			if (list && list.length !== steps) {
				throw new RangeError(`${where}: line ${name} has ${list.length} values for ${steps} steps`);
			}
			const bad = list?.findIndex((value) => !Number.isFinite(value)) ?? -1;
			if (list && bad >= 0)
				throw new RangeError(`${where}: line ${name}: ${list[bad]} at ${bad}, allowed finite numbers`);
		}
	}
	const unknown = named.find((name) => !lines.some((line) => line.name === name));
	if (unknown !== undefined) {
		throw new RangeError(
			`${where}: named: no line ${unknown}, allowed ${lines.map(({ name }) => name).join(", ")}`,
		);
	}
	if (range && !(range[0] < range[1] && Number.isFinite(range[1] - range[0]))) {
		throw new RangeError(
			`${where}: range: got [${range.join(", ")}], allowed two finite numbers, the lower first`,
		);
	}
}

/** The registry's record of `scoreOverSteps`. */
export const scoreOverStepsFigure: Figure = {
	name: "score-over-steps",
	doc: "A score of every head over training steps, the best heads named, in one panel or several.",
	sample: () => {
		const steps = [0, 1, 3, 10, 30, 100, 300, 1000, 3000];
		// a logistic rise around a step
		const rise = (middle: number, most: number, least = 0.03): number[] =>
			steps.map((s) => least + (most - least) / (1 + (middle / (s + 1)) ** 2));
		const first = { name: "1.1", values: rise(250, 0.86) };
		return scoreOverSteps({
			title: "Induction over training",
			notes: ["lift of induction (score − control); band: 95% interval"],
			steps,
			panels: [
				{
					measure: "lift",
					lines: [
						{
							...first,
							low: first.values.map((v) => v - 0.03),
							high: first.values.map((v) => v + 0.03),
						},
						{ name: "1.3", values: rise(400, 0.55) },
						{ name: "1.0", values: rise(900, 0.12, -0.01) },
						{ name: "0.2", values: rise(900, 0.01, 0.04) },
					],
					named: ["1.1", "1.3"],
				},
				{ measure: "previous-token", lines: [{ name: "0.2", values: rise(120, 0.97) }] },
			],
		});
	},
};
