import * as z from "zod/mini";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";
import { answerIds, answersSchema } from "./answers.js";
import { reject } from "./errors.js";
import type { BoundMetric, Measure, MetricContext, MetricFeedFn } from "./metric.js";
import { rowPositions } from "./positions.js";
import { tokenRows } from "./token-rows.js";

/** Settings of metrics that ask about one answer at one position. */
export const answerFields = {
	/** Default: what the samples ask for, which those of "abxa" do. */
	answers: z.optional(answersSchema),
	/** Of the row's own tokens; negative ones count from the last. Default -1. */
	position: z.optional(z.int()),
};

interface AnswerData {
	readonly answers?: z.infer<typeof answersSchema> | undefined;
	readonly position?: number | undefined;
}

/** Inside a graph: the tokens that were asked for as int32 [rows, 1, 1], to take along the vocabulary. */
export function answerInput(logits: Value, g: G, feed: MetricFeedFn): Value {
	return g.unsqueeze(feed("answers", logits.shape.slice(0, 2), "int32"), 2);
}

/**
 * A metric of one answer for each row, at one position.
 * @throws {MetricError} where neither the data nor the samples say what the answers are
 */
export function answerMetric(
	about: { readonly name: string; readonly doc: string },
	graph: BoundMetric["graph"],
	{ answers, position = -1 }: AnswerData,
	context: MetricContext,
): Measure {
	const { where } = context;
	const found = tokenRows(context, answers === undefined ? "abxa" : undefined);
	const { model, input, mask, rows } = found;
	const ids =
		answers === undefined
			? (found.answers ?? reject(where, 'needs answers: a token as text or id, or samples of task "abxa"'))
			: answerIds(model, answers, rows.length, `${where}.answers`);
	const at = rows.map(({ tokens, places }, r) =>
		rowPositions(position, tokens.length, `${where}: row ${r}`).map((p) => places[p] as number),
	);
	const feeds = { answers: new Tensor("int32", [rows.length, 1], Int32Array.from(ids)) };
	const metric = { ...about, rows: rows.length, names: [], at, graph, feeds };
	return { model, input, ...(mask && { mask }), metric };
}
