import type { ExperimentResult } from "headscope/experiments";
import { borrowed, type StudioState } from "./state.js";

/** Carries out an experiment's text as `headscope run` does, on the models that are open where they are. */
export async function carryOut(
	text: string,
	name: string | undefined,
	{ state, signal }: { readonly state: StudioState; readonly signal: AbortSignal },
): Promise<ExperimentResult> {
	// with YAML's grammar: not before it is needed
	const { parseExperiment, runExperiment } = await import("headscope/experiments");
	const parsed = parseExperiment(text, name);
	const { host } = state;
	return runExperiment(
		parsed,
		{
			...host.experiments?.(parsed),
			...(host.loadDictionary && { loadDictionary: host.loadDictionary }),
			versions: host.versions,
			loadModel: async (ref) => {
				if (!state.has(ref))
					await state.keep(ref, await state.openModel(ref, { signal, onProgress: () => {} }));
				return borrowed(state.model(ref).model);
			},
		},
		{ signal },
	);
}
