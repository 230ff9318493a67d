import type { ExperimentResult } from "headscope/experiments";
import * as z from "zod/mini";
import { carryOut } from "../carry-out.js";
import { defineMethod } from "../method.js";

export const experiment = defineMethod({
	doc: "carries out an experiment's text, YAML or JSON, as `headscope run` does",
	params: z.strictObject({ text: z.string(), name: z.optional(z.string().check(z.maxLength(200))) }),
	run: ({ text, name }, context): Promise<ExperimentResult> => carryOut(text, name, context),
});
