import * as z from "zod/mini";
import { metricFields } from "../asked-fields.js";
import { defineMethod, type MethodContext } from "../method.js";
import { rowFields } from "../rows.js";
import type { PatchSweep } from "../work/sweep-patch.js";

const params = z.strictObject({
	model: z.string(),
	/** Two rows: the clean and the corrupted one. */
	...rowFields,
	at: z.string(),
	/** Of heads: the position that is patched. Default all at once. */
	position: z.optional(z.int().check(z.nonnegative())),
	...metricFields,
});

export const sweepPatch = defineMethod({
	doc: "patches each layer and position, or head, of a clean prompt into a corrupted one, beside the estimate of all",
	params,
	run: async (given, context: MethodContext<PatchSweep>): Promise<PatchSweep> =>
		(await import("../work/sweep-patch.js")).sweepPatch(given, context),
});

export type PatchSweepParams = z.output<typeof params>;
