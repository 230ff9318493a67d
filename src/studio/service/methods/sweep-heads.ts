import * as z from "zod/mini";
import { metricFields } from "../asked-fields.js";
import { defineMethod, type MethodContext } from "../method.js";
import { drawnDonorFields } from "../random-donors.js";
import { rowFields } from "../rows.js";
import type { HeadSweep } from "../work/sweep-heads.js";

const params = z.strictObject({
	model: z.string(),
	...rowFields,
	/** Random rows instead: a segment of n tokens twice. */
	repeat: z.optional(
		z.strictObject({
			samples: z.int().check(z.minimum(1), z.maximum(4096)),
			n: z.optional(z.int().check(z.minimum(1))),
			seed: z.int().check(z.nonnegative()),
		}),
	),
	/** "zero", "mean", "resample" or "frozen-patterns". */
	kind: z.string(),
	...metricFields,
	/** What is changed already: heads are ablated on top of it. Default nothing. */
	interventions: z.optional(z.array(z.unknown()).check(z.maxLength(256))),
	donors: drawnDonorFields,
});

export const sweepHeads = defineMethod({
	doc: "ablates every head on its own and tells what that changes of a metric, head by head",
	params,
	run: async (given, context: MethodContext<HeadSweep>): Promise<HeadSweep> =>
		(await import("../work/sweep-heads.js")).sweepHeads(given, context),
});

export type HeadSweepParams = z.output<typeof params>;
