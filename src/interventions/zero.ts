import * as z from "zod/mini";
import { defineKind, pointFields } from "./intervention.js";
import { pointEdits } from "./point-edits.js";

/** Zero ablation: by default what a head writes is taken away. */
export const zero = defineKind({
	kind: "zero",
	doc: "a value becomes 0; of a head's z, so that it writes nothing",
	schema: z.strictObject({ kind: z.literal("zero"), ...pointFields }),
	examples: [
		{ kind: "zero", heads: ["0.1"] },
		{ kind: "zero", heads: ["0.0", "L0H1"], strength: 0.25, positions: [1, -1], rows: [1] },
		{ kind: "zero", heads: "all" },
		{ kind: "zero", at: "resid_pre", layers: [-1], positions: [2] },
		{ kind: "zero", at: "attn_scores", heads: ["1.0"] },
	],
	edits: (data, sizes, where) =>
		pointEdits(data, "z", sizes, where, () => ({ structure: "zero", changed: (_, g) => g.constant(0) })),
});
