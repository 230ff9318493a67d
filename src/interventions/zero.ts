import * as z from "zod";
import { headEdits } from "./head-edits.js";
import { defineKind, headFields } from "./intervention.js";

/** Zero ablation: what a head writes is taken away. */
export const zero = defineKind({
	kind: "zero",
	doc: "a head's z becomes 0, so that it writes nothing",
	schema: z.strictObject({ kind: z.literal("zero"), ...headFields }),
	examples: [
		{ kind: "zero", heads: ["0.1"] },
		{ kind: "zero", heads: ["0.0", "L0H1"], strength: 0.25, positions: [1, -1], rows: [1] },
		{ kind: "zero", heads: "all" },
	],
	edits: (data, sizes, where) =>
		headEdits(data, sizes, where, { point: "z", structure: "zero", changed: (_, g) => g.constant(0) }),
});
