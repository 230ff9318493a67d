import * as z from "zod/mini";
import { answerFields, answerInput, answerMetric } from "./answered-rows.js";
import { type BoundMetric, defineMetric, EXAMPLE_IDS } from "./metric.js";

const doc = "log-probability of the answer in nats";

const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, 1, vocab]
	const chosen = g.takeAlong(g.logSoftmax(logits), answerInput(logits, g, feed), 2);
	return g.sum(chosen, [1, 2], { keepDims: false });
};

/** log softmax(logits)[answer] at one position, the row's last unless given. */
export const logProbability = defineMetric({
	kind: "log-probability",
	doc: `${doc}, at the row's last position or a given one`,
	schema: z.strictObject({ kind: z.literal("log-probability"), ...answerFields }),
	of: ["language"],
	examples: [
		{ data: { kind: "log-probability", answers: [9, 41], position: -4 }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "log-probability" }, rows: { samples: 3 } },
	],
	fromText: (mode, place) =>
		mode === undefined && place === undefined ? { kind: "log-probability" as const } : undefined,
	measure: async (data, context) => answerMetric({ name: "log-probability", doc }, graph, data, context),
});
