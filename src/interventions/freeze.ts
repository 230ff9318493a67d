import * as z from "zod/mini";
import { list, setting, text } from "../shared/schemas.js";
import { defineKind, donorField, pointFields, type Sizes } from "./intervention.js";
import { pointEdits } from "./point-edits.js";
import { takeFromDonor } from "./take-from-donor.js";
import { isPerLayer, type Selection, shortName } from "./targets.js";

/**
 * Recorded patterns and norms' scales stay as they were while something else changes: with the clean run as donor and
 * heads ablated beside it, Olsson et al.'s (2022) pattern-preserving ablation.
 */
export const freeze = defineKind({
	kind: "freeze",
	doc: "values are forced to a donor's at several points: by default all patterns and the scales of all norms",
	schema: z.strictObject({
		kind: z.literal("freeze"),
		...pointFields,
		/** Of all layers unless some are chosen. */
		at: setting(
			z.union([text, list(text)]),
			"One point or several. Default all patterns and norms' scales; with heads, their patterns",
		),
		/** Of one row or as many as the run, and of its length. */
		from: donorField,
	}),
	examples: [
		{ kind: "freeze", from: "donor" },
		{ kind: "freeze", from: "donor", rows: [0], strength: 0.5 },
		{ kind: "freeze", from: "donor", at: "pattern", heads: ["1.0"] },
		{ kind: "freeze", from: "donor", at: ["mlp_out", "attn_out"], positions: [2] },
		{ kind: "freeze", from: "donor", layers: [1] },
	],
	edits: ({ at, ...data }, sizes, where) => {
		const chosen = data.heads ?? data.kvHeads ?? data.layers;
		return [at ?? usuallyFrozen(data, sizes)].flat().flatMap((point) => {
			const everywhere = chosen === undefined && isPerLayer(point, sizes, where);
			const selection = everywhere ? { ...data, layers: "all" as const } : data;
			return pointEdits(selection, point, sizes, where, (target) => takeFromDonor(data, target, where));
		});
	},
});

/** What fixes how information moves: patterns, and what norms divide by. */
function usuallyFrozen({ heads, kvHeads, layers }: Selection, { points }: Sizes): string[] {
	if (heads ?? kvHeads) return ["pattern"];
	const scales = points
		.map(({ name }) => name)
		// those of queries and keys act on patterns alone, which are frozen themselves
		.filter((name) => name.endsWith(".hook_scale") && !/\.[qk]_norm\.hook_scale$/.test(name))
		.filter((name) => layers === undefined || name.startsWith("blocks."));
	return ["pattern", ...new Set(scales.map(shortName))];
}
