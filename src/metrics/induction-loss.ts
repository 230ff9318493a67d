import * as z from "zod/mini";
import { reject } from "./errors.js";
import { defineMetric, EXAMPLE_IDS } from "./metric.js";
import { nextTokenMetric } from "./next-token-loss.js";
import { tokenRows } from "./token-rows.js";

const doc = "loss of predicting r_2..r_n in the second copy of r_1..r_n, in nats";

/**
 * What induction leaves of the loss on rows `[bos] r_1..r_n r_1..r_n`: the mean cross-entropy of r_2..r_n in every copy
 * but the first. r_1 of a copy is left out, since nothing before it tells that a copy begins; TransformerLens'
 * `evals.induction_loss` has it in.
 */
export const inductionLoss = defineMetric({
	kind: "induction-loss",
	doc,
	schema: z.strictObject({ kind: z.literal("induction-loss") }),
	of: ["language"],
	examples: [
		{ data: { kind: "induction-loss" }, rows: { ids: EXAMPLE_IDS, period: 4 } },
		{ data: { kind: "induction-loss" }, rows: { task: "repeat-4", n: 3, samples: 3 } },
	],
	fromText: (mode, place) =>
		mode === undefined && place === undefined ? { kind: "induction-loss" as const } : undefined,
	measure: async (_, context) => {
		const rows = tokenRows(context, "repeat");
		const weighted = rows.rows.map(({ tokens, bos, period }, r) => {
			const first = bos ? 1 : 0;
			const n =
				period ?? reject(context.where, "needs rows of one repeated segment: task repeat, or ids and period");
			const positions = [...tokens.keys()].filter(
				(p) => p + 1 < tokens.length && p >= first + n && (p + 1 - first) % n !== 0,
			);
			if (positions.length === 0) {
				reject(
					context.where,
					`row ${r}: no token of a second copy of ${n} tokens is predicted in ${tokens.length}`,
				);
			}
			return positions.map((position) => ({ position, weight: 1 / positions.length }));
		});
		return nextTokenMetric({ name: "induction-loss", doc }, rows, weighted);
	},
});
