import * as z from "zod/mini";
import { list, setting } from "../shared/schemas.js";
import { defineKind, donorField, pointFields } from "./intervention.js";
import { pointEdits } from "./point-edits.js";
import { takeFromDonor } from "./take-from-donor.js";

/** Activation patching: a value of another run in this one's place, at the same position or at others. */
export const patch = defineKind({
	kind: "patch",
	doc: "a value becomes a donor's at the same point, at the same or at other positions",
	schema: z.strictObject({
		kind: z.literal("patch"),
		...pointFields,
		/** Of one row or as many as the run, and of its length unless `fromPositions` says what is taken. */
		from: donorField,
		fromPositions: setting(
			list(z.int()),
			"Positions in the donor, one for each of `positions`. Default the same",
		),
	}),
	examples: [
		{ kind: "patch", heads: ["0.1"], from: "donor" },
		{
			kind: "patch",
			heads: ["0.0"],
			from: "donor",
			positions: [3, -1],
			fromPositions: [1, 2],
			strength: 0.5,
		},
		{ kind: "patch", at: "resid_pre", layers: [1], from: "donor", positions: [2] },
		{ kind: "patch", at: "v", layers: [0], from: "donor" },
		{ kind: "patch", at: "pattern", heads: ["1.0"], from: "donor", rows: [1] },
		{ kind: "patch", at: "attn_scores", heads: ["1.1"], from: "donor" },
		{ kind: "patch", at: "result", heads: ["1.1"], from: "donor" },
		{ kind: "patch", at: "embed", from: "donor", positions: [4] },
	],
	edits: (data, sizes, where) =>
		pointEdits(data, "z", sizes, where, (target) => takeFromDonor(data, target, where)),
});
