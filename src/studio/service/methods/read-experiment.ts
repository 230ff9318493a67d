import type { ExperimentData } from "headscope/experiments";
import * as z from "zod/mini";
import { defineMethod } from "../method.js";

export const readExperiment = defineMethod({
	doc: "what an experiment's text says, YAML or JSON; what is wrong with it is told with its line",
	params: z.strictObject({ text: z.string(), name: z.string().check(z.maxLength(300)) }),
	run: async ({ text, name }): Promise<ExperimentData> => {
		// with YAML's grammar: not before it is needed
		const { parseExperiment } = await import("headscope/experiments");
		return parseExperiment(text, name).data;
	},
});
