import type { ExperimentResult } from "headscope/experiments";
import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import { borrowed } from "../state.js";

export const experiment = defineMethod({
	doc: "carries out an experiment's text, YAML or JSON, as `headscope run` does",
	params: z.strictObject({ text: z.string(), name: z.optional(z.string().check(z.maxLength(200))) }),
	run: async ({ text, name }, { state, signal }): Promise<ExperimentResult> => {
		// with YAML's grammar: not before it is needed
		const { parseExperiment, runExperiment } = await import("headscope/experiments");
		const parsed = parseExperiment(text, name);
		const { host } = state;
		return runExperiment(
			parsed,
			{
				...host.experiments?.(parsed),
				versions: host.versions,
				loadModel: async (ref) => {
					if (!state.has(ref))
						await state.keep(ref, await host.openModel(ref, { signal, onProgress: () => {} }));
					return borrowed(state.model(ref).model);
				},
			},
			{ signal },
		);
	},
});
