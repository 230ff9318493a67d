import * as z from "zod/mini";
import { Tensor } from "../tensor/index.js";
import { defineKind, pointFields } from "./intervention.js";
import { pointEdits } from "./point-edits.js";

/**
 * A value times a factor: 0 as `zero`, 2 twice as loud, -1 the opposite. A pattern's rows then sum to the factor, since
 * nothing normalises them again.
 */
export const scale = defineKind({
	kind: "scale",
	doc: "a value is multiplied by a factor",
	schema: z.strictObject({
		kind: z.literal("scale"),
		...pointFields,
		factor: z.number().check(z.describe("What the value is multiplied by")),
	}),
	examples: [
		{ kind: "scale", heads: ["0.1"], factor: 2 },
		{ kind: "scale", heads: ["0.0"], factor: -0.5, positions: [-2], strength: 0.25 },
		{ kind: "scale", at: "mlp_out", layers: [0], factor: 0 },
		{ kind: "scale", at: "attn_scores", heads: ["1.0"], factor: 0 },
		{ kind: "scale", at: "ln1.scale", layers: [1], factor: 3 },
	],
	edits: (data, sizes, where) =>
		pointEdits(data, "z", sizes, where, () => ({
			structure: "scaled",
			changed: (value, g, site) => {
				const factor = site.feed("factor", [value.dim(0)]);
				return g.mul(value, g.unsqueeze(factor, ...Array.from({ length: value.rank - 1 }, (_, i) => i + 1)));
			},
			feeds: ({ batch }) => ({ factor: Tensor.full([batch], data.factor) }),
		})),
});
