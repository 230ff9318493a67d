import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { RegressionLook } from "../regression/look-at-run.js";
import { probe, runFields } from "./regression-params.js";

export const regressionLook = defineMethod({
	doc: "a regression run's predictions and patterns on a probe, beside ridge's and dMMSE's predictions",
	params: z.strictObject({
		...runFields,
		probe,
		/** Fetched ahead, while nobody waits for it. Default false. */
		ahead: z.optional(z.boolean()),
	}),
	run: async (given, context): Promise<RegressionLook> => {
		const { lookAtRun } = await import("../regression/look-at-run.js");
		return lookAtRun(given, context);
	},
});
