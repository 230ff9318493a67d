import * as z from "zod/mini";
import { reject } from "./errors.js";
import { defineMetric, EXAMPLE_IDS } from "./metric.js";
import { nextTokenMetric } from "./next-token-loss.js";
import { parsePositions } from "./positions.js";
import { tokenRows } from "./token-rows.js";

/** Positions of Olsson et al. */
const [EARLY, LATE] = [50, 500];

/**
 * In-context learning score: the loss at a late position minus that at an early one, in nats; the more negative, the more
 * the context helps. Olsson et al. 2022 ("In-context Learning and Induction Heads") take tokens 500 and 50 of natural
 * text. Positions are counted as in `loss`: at p the token p + 1 is predicted.
 */
export const inContextScore = defineMetric({
	kind: "in-context-score",
	doc: `loss at a late position (${LATE}) minus loss at an early one (${EARLY}), in nats: negative where context helps`,
	schema: z.strictObject({
		kind: z.literal("in-context-score"),
		early: z.optional(z.int().check(z.nonnegative())),
		late: z.optional(z.int().check(z.nonnegative())),
	}),
	of: ["language"],
	examples: [{ data: { kind: "in-context-score", early: 1, late: 6 }, rows: { ids: EXAMPLE_IDS } }],
	fromText: (mode, place) => {
		if (mode !== undefined) return undefined;
		if (place === undefined) return { kind: "in-context-score" as const };
		const range = parsePositions(place);
		if (!Array.isArray(range) || range.length !== 2) return undefined;
		const [early, late] = range as readonly [number, number];
		return { kind: "in-context-score" as const, early, late };
	},
	measure: async ({ early = EARLY, late = LATE }, context) => {
		const { where } = context;
		if (early >= late) reject(where, `early ${early} is not before late ${late}`);
		const rows = tokenRows(context, undefined);
		for (const [r, { tokens }] of rows.rows.entries()) {
			if (late + 1 < tokens.length) continue;
			reject(
				where,
				`row ${r} has ${tokens.length} tokens, late ${late} needs ${late + 2}; give early and late`,
			);
		}
		const weighted = rows.rows.map(() => [
			{ position: late, weight: 1 },
			{ position: early, weight: -1 },
		]);
		const doc = `loss at position ${late} minus loss at position ${early}, in nats`;
		return nextTokenMetric({ name: "in-context-score", doc }, rows, weighted);
	},
});
