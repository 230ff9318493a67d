import type { Bench, BenchCase } from "./bench.js";
import { benchPath } from "./paths.js";
import type { SideSpec } from "./side.js";

const node = (name: string, file: string, ...args: string[]): SideSpec => ({
	name,
	command: async (threads) => ({
		file: process.execPath,
		args: [benchPath(file), ...args, String(threads)],
	}),
});

const within = (name: string, value: number): Pick<BenchCase, "budgets" | "goal"> => ({
	budgets: [{ name, value }],
	goal: { ratio: 1, against: [name] },
});

/** Most of a page at 60 frames a second, in ms; a frame more or less is the clock's. */
const FRAME = 17.5;

const cases: BenchCase[] = [
	{
		name: "demo: keystroke to patterns, median of 40",
		params: { job: "keystroke", model: "demo", of: "median" },
		measure: "time",
		...within("50 ms", 50),
	},
	{
		name: "demo: keystroke to patterns, 95th percentile of 40",
		params: { job: "keystroke", model: "demo", of: "p95" },
		measure: "time",
		...within("100 ms", 100),
	},
	{
		name: "demo: first usable view of a new visitor",
		params: { job: "load", warmUps: 1 },
		measure: "time",
		...within("2 s", 2000),
	},
	{
		name: "SmolLM2-135M in Node, 64 tokens: a key at the end to patterns, median of 10",
		params: { job: "keystroke", model: "smollm2", of: "median", typed: true, warmUps: 1 },
		measure: "time",
		...within("250 ms", 250),
	},
	{
		// nothing is the same as before but the first words
		name: "SmolLM2-135M in Node, 64 tokens: another text to patterns, median of 10",
		params: { job: "keystroke", model: "smollm2", of: "median", warmUps: 1 },
		measure: "time",
		...within("250 ms", 250),
	},
	{
		name: "regression: a step of the checkpoint slider to patterns, slowest of 10",
		params: { job: "scrub", warmUps: 1 },
		measure: "time",
		...within("100 ms", 100),
	},
	{
		name: "1 head x 1,024 tokens: redraw",
		params: { job: "redraw", heads: 1, tokens: 1024 },
		measure: "time",
		...within("100 ms", 100),
	},
	{
		name: "demo's recipe trained in the page: 600 updates, drawn as they go",
		params: { job: "train", warmUps: 0 },
		measure: "time",
		...within("90 s", 90_000),
	},
];

/** The page in Chromium against limits of its own. */
export const studio: Bench = {
	name: "studio",
	about: "the studio in Chromium: keystroke to patterns, first view, checkpoints, large patterns, training",
	ours: node("headscope", "out/studio-ours.js"),
	rivals: [],
	cases,
};

/** What the rivals draw too. */
export const drawing: Bench = {
	name: "drawing",
	about: "144 heads x 128 tokens drawn and pointed at in Chromium; against CircuitsVis and BertViz",
	ours: node("headscope", "out/studio-ours.js"),
	rivals: [
		node("circuitsvis", "out/rivals/drawing.js", "circuitsvis"),
		node("bertviz", "out/rivals/drawing.js", "bertviz"),
	],
	cases: [
		{
			name: "144 heads x 32 tokens: draw all",
			params: { job: "redraw", heads: 144, tokens: 32, warmUps: 1 },
			measure: "time",
		},
		{
			name: "144 heads x 32 tokens: a frame while the pointer moves",
			params: { job: "hover", heads: 144, tokens: 32, warmUps: 1 },
			measure: "time",
		},
		{
			// a rival takes minutes to draw these once: BertViz makes 2.4 million SVG lines
			name: "144 heads x 128 tokens: draw all",
			params: { job: "redraw", heads: 144, tokens: 128, warmUps: 1 },
			measure: "time",
			rivals: [],
			...within("50 ms", 50),
		},
		{
			name: "144 heads x 128 tokens: a frame while the pointer moves",
			params: { job: "hover", heads: 144, tokens: 128, warmUps: 1 },
			measure: "time",
			rivals: [],
			...within("60 frames a second", FRAME),
		},
	],
};
