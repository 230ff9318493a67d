import * as z from "zod/mini";
import { defineMethod, type MethodContext } from "../method.js";
import type { RunMetrics } from "../regression/run-metrics.js";
import { runFields } from "./regression-params.js";

export const regressionMetrics = defineMethod({
	doc: "every metric of a regression run's evaluator, without and with interventions",
	params: z.strictObject(runFields),
	run: async (given, context: MethodContext<{ readonly what: string }>): Promise<RunMetrics> => {
		const { runMetrics } = await import("../regression/run-metrics.js");
		return runMetrics(given, context);
	},
});
