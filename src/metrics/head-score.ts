import * as z from "zod/mini";
import { actName } from "../hooks/points.js";
import { headsByLayer } from "../interventions/heads.js";
import { Model } from "../models/model.js";
import { findScore, type HeadScore, REGRESSION_SCORES, SCORES } from "../scores/index.js";
import { layerPoints, type NormBehind, normBehind } from "../scores/layer-points.js";
import { type Rows, rowsOf } from "../scores/row.js";
import { subjectOf } from "../scores/subject-of.js";
import { readUnembedding } from "../scores/unembedding.js";
import { PATTERN_SCORES } from "../tasks/regression/index.js";
import { Random, type Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { type BoundMetric, defineMetric, type Measure, type MetricContext } from "./metric.js";
import { patternScoreMetric } from "./pattern-score.js";
import { tokenRows } from "./token-rows.js";

/**
 * A score of one head on the run that is measured: what a change elsewhere does to what the head attends to. Scores,
 * their modes and samples are those of `scoreHeads`, of a regression run also those of `scorePatterns`; a row's number is
 * that of its sample, without its control.
 */
export const headScore = defineMetric({
	kind: "head-score",
	doc: "a score of one head on the changed run, such as head-score:induction@5.1",
	schema: z.strictObject({
		kind: z.literal("head-score"),
		/** With a mode as "name:mode". */
		score: z.string(),
		head: z.string(),
	}),
	of: ["language", "regression"],
	examples: [
		{ data: { kind: "head-score", score: "previous-token", head: "1.0" } },
		{ data: { kind: "head-score", score: "induction", head: "L1H1" }, rows: { samples: 5, seed: 3 } },
	],
	fromText: (mode, place) =>
		mode === undefined || place === undefined
			? undefined
			: { kind: "head-score" as const, score: mode, head: place },
	measure: async (data, context) => {
		const { of, options, where } = context;
		const { config } = of instanceof Model ? of : of.model;
		const [[layer, heads]] = [...headsByLayer([data.head], config, `${where}.head`)] as [[number, number[]]];
		const head = heads[0] as number;
		const pattern = PATTERN_SCORES.find((name) => name === data.score);
		if (pattern && !(of instanceof Model))
			return patternScoreMetric(pattern, layer, head, of, options, where);
		const score = findScore(data.score, of instanceof Model ? SCORES : REGRESSION_SCORES);
		const { rows, ...measured } = scoredRows(score, context);
		const { model } = measured;
		const bad = rows.rows.findIndex((row) => score.queries(row).length === 0);
		if (bad >= 0) reject(where, `row ${bad} has no position at which ${score.name} could be computed`);
		const unembedding = score.needsUnembedding ? await readUnembedding(model) : undefined;
		const metric = {
			name: `head-score:${data.score}@${layer}.${head}`,
			doc: `of head ${layer}.${head}: ${score.doc}`,
			rows: rows.rows.length,
			names: score.needs.map((point) => actName(point, layer)),
			at: undefined,
			graph: graphOf(score, layer, head, normBehind(model, layer, score)),
			feeds: score.feeds(rows, unembedding),
		};
		return { ...measured, metric };
	},
});

/** The rows of a score's samples, as the score sees them and as the model is fed. */
function scoredRows(score: HeadScore, context: MetricContext): Omit<Measure, "metric"> & { rows: Rows } {
	const { of, options, where } = context;
	if (of instanceof Model) {
		const { model, input, mask, rows } = tokenRows(context, score.samples);
		const length = input.shape[1] as number;
		return { model, input, ...(mask && { mask }), rows: { rows, length } };
	}
	const { prompts, task, ...own } = options;
	if (prompts !== undefined || task !== undefined) {
		reject(where, "prompts and task are about token ids; a regression run makes its own sequences");
	}
	const subject = subjectOf(of, own);
	const source = subject.source(score.samples);
	const samples = source.task.draw(new Random(own.seed ?? 0), source.count);
	const input = source.input(samples.ids, samples) as Tensor<"float32">;
	return { model: subject.model, input, rows: rowsOf(samples) };
}

/** Graphs by score, head and the norm behind it, so that a head's is compiled once. */
const graphs = new WeakMap<HeadScore, Map<string, BoundMetric["graph"]>>();

function graphOf(
	score: HeadScore,
	layer: number,
	head: number,
	norm: NormBehind | undefined,
): BoundMetric["graph"] {
	const known = graphs.get(score) ?? new Map<string, BoundMetric["graph"]>();
	graphs.set(score, known);
	const key = JSON.stringify([layer, head, norm]);
	const graph: BoundMetric["graph"] =
		known.get(key) ??
		((get, g, feed) => {
			// a score names its inputs itself; here they are the metric's
			const own = { ...g, input: (name, dtype, shape) => feed(name, shape, dtype) } as typeof g;
			const all = score.graph(layerPoints(get, layer, norm, own), own); // [rows, head]
			return g.sum(g.slice(all, 1, head, head + 1), 1, { keepDims: false });
		});
	known.set(key, graph);
	return graph;
}
