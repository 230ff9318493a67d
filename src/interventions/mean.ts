import * as z from "zod";
import { reject } from "./errors.js";
import { headEdits } from "./head-edits.js";
import { defineKind, headFields } from "./intervention.js";

/** Mean ablation: what a head writes no longer depends on the row, and with "batch-and-pos" not on the position. */
export const mean = defineKind({
	kind: "mean",
	doc: "a head's z becomes its mean over the batch, keeping position and channel",
	schema: z.strictObject({
		kind: z.literal("mean"),
		...headFields,
		/** What the mean is taken over. Default "batch". */
		over: z.enum(["batch", "batch-and-pos"]).optional(),
	}),
	examples: [
		{ kind: "mean", heads: ["1.0"] },
		{ kind: "mean", heads: ["1.1"], strength: 0.5 },
		{ kind: "mean", heads: ["1.1"], over: "batch-and-pos" },
	],
	edits: (data, sizes, where) => {
		const over = data.over ?? "batch";
		return headEdits(data, sizes, where, {
			point: "z",
			structure: `mean ${over}`,
			changed: (value, g) => g.mean(value, over === "batch" ? 0 : [0, 1]),
			feeds: ({ mask }) => {
				// padding would be averaged in, and with it on the left equal positions are not in one column
				if (mask) reject(where, "a mean over the batch needs rows of equal length without padding");
				return {};
			},
		});
	},
});
