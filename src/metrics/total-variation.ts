import * as z from "zod/mini";
import { cleanRunMetric } from "./clean-logits.js";
import { type BoundMetric, defineMetric, EXAMPLE_IDS } from "./metric.js";
import { placeData, positionsSchema } from "./positions.js";

const doc = "total variation distance of the next token's distribution from the clean run's, 0 to 1";

const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, scored, vocab]
	const apart = g.abs(g.sub(g.softmax(logits), g.softmax(feed("clean", logits.shape))));
	const distances = g.mul(g.sum(apart, -1, { keepDims: false }), 0.5); // [rows, scored]
	return g.sum(g.mul(distances, feed("weights", logits.shape.slice(0, 2))), 1, { keepDims: false });
};

/**
 * Half the sum over tokens of |p - q|, p of the clean run and q of this one: the most that the probability of any set of
 * tokens has changed. The mean over a row's positions, by default its last one.
 */
export const totalVariation = defineMetric({
	kind: "total-variation",
	doc: `${doc}, at the row's last position or those given`,
	schema: z.strictObject({ kind: z.literal("total-variation"), positions: z.optional(positionsSchema) }),
	of: ["language"],
	examples: [
		{ data: { kind: "total-variation" }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "total-variation", positions: [2, 5] }, rows: { ids: EXAMPLE_IDS } },
	],
	fromText: (mode, place) => placeData("total-variation", mode, place),
	measure: ({ positions }, context) =>
		cleanRunMetric({ kind: "total-variation", doc }, graph, positions, context),
});
