import * as z from "zod/mini";
import { answerFields, answerInput, answerMetric } from "./answered-rows.js";
import { type BoundMetric, defineMetric, EXAMPLE_IDS } from "./metric.js";

const doc = "tokens with a greater logit than the answer: 0 where it is the best";

const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, 1, vocab]
	const answer = g.takeAlong(logits, answerInput(logits, g, feed), 2);
	return g.sum(g.cast(g.greater(logits, answer), "float32"), [1, 2], { keepDims: false });
};

/** Rank of the answer from 0, as TransformerLens' `test_prompt` counts it. It has no gradient. */
export const rank = defineMetric({
	kind: "rank",
	doc: `${doc}; at the row's last position or a given one`,
	schema: z.strictObject({ kind: z.literal("rank"), ...answerFields }),
	of: ["language"],
	examples: [
		{ data: { kind: "rank", answers: 9 }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "rank" }, rows: { task: "abxa", samples: 3, seed: 1 } },
	],
	fromText: (mode, place) =>
		mode === undefined && place === undefined ? { kind: "rank" as const } : undefined,
	measure: async (data, context) => answerMetric({ name: "rank", doc }, graph, data, context),
});
