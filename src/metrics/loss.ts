import * as z from "zod/mini";
import { reject } from "./errors.js";
import { defineMetric, EXAMPLE_IDS } from "./metric.js";
import { nextTokenMetric } from "./next-token-loss.js";
import { placeData, positionsSchema, positionsText, rowPositions } from "./positions.js";
import { tokenRows } from "./token-rows.js";

/**
 * Mean cross-entropy of the next token in nats: of a row, the mean over its positions p of
 * -log softmax(logits_p)[t_(p+1)], as TransformerLens' `loss_per_token` has it at index p; of rows, the mean of theirs.
 * `positions` are those that predict (destinations of attention), not those that are predicted. A row's last token
 * has no next one and counts nothing.
 */
export const loss = defineMetric({
	kind: "loss",
	doc: "mean cross-entropy of the next token in nats, over all positions or those given",
	schema: z.strictObject({ kind: z.literal("loss"), positions: z.optional(positionsSchema) }),
	of: ["language"],
	examples: [
		{ data: { kind: "loss" }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "loss", positions: [3, -1] }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "loss", positions: 2 }, rows: { ids: EXAMPLE_IDS } },
		{ data: { kind: "loss" } },
	],
	fromText: (mode, place) => placeData("loss", mode, place),
	measure: async ({ positions }, context) => {
		const rows = tokenRows(context, "repeat");
		const weighted = rows.rows.map(({ tokens }, r) => {
			const chosen = rowPositions(positions ?? [0], tokens.length, `${context.where}: row ${r}`);
			const predicting = chosen.filter((p) => p + 1 < tokens.length);
			if (predicting.length === 0) {
				reject(context.where, `row ${r}: its position ${chosen[0]} is its last, which has no next token`);
			}
			return predicting.map((position) => ({ position, weight: 1 / predicting.length }));
		});
		const place = positions === undefined ? "" : `@${positionsText(positions)}`;
		const doc = "mean cross-entropy of the next token in nats";
		return nextTokenMetric({ name: `loss${place}`, doc }, rows, weighted);
	},
});
