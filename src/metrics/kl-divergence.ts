import * as z from "zod/mini";
import { cleanRunMetric } from "./clean-logits.js";
import { type BoundMetric, defineMetric, EXAMPLE_IDS } from "./metric.js";
import { placeData, positionsSchema } from "./positions.js";

const doc = "KL divergence of the next token's distribution from the clean run's, in nats";

const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, scored, vocab]
	const clean = g.logSoftmax(feed("clean", logits.shape));
	const terms = g.mul(g.exp(clean), g.sub(clean, g.logSoftmax(logits)));
	const divergences = g.sum(terms, -1, { keepDims: false }); // [rows, scored]
	return g.sum(g.mul(divergences, feed("weights", logits.shape.slice(0, 2))), 1, { keepDims: false });
};

/**
 * KL(clean || changed) = sum over tokens of p log(p / q), p of the clean run and q of this one: the mean over a row's
 * positions, by default its last one. 0 for an unchanged run. The metric of Conmy et al. 2023 ("Towards Automated
 * Circuit Discovery").
 */
export const klDivergence = defineMetric({
	kind: "kl",
	doc: `${doc}, at the row's last position or those given`,
	schema: z.strictObject({ kind: z.literal("kl"), positions: z.optional(positionsSchema) }),
	of: ["language"],
	examples: [
		{ data: { kind: "kl" }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "kl", positions: [4] }, rows: { ids: EXAMPLE_IDS } },
	],
	fromText: (mode, place) => placeData("kl", mode, place),
	measure: ({ positions }, context) => cleanRunMetric({ kind: "kl", doc }, graph, positions, context),
});
