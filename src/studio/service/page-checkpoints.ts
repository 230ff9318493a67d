import type { Engine } from "headscope";
import { type CheckpointHost, type Phase, SHIPPED_RUNS } from "./checkpoint-host.js";
import { fetchJson } from "./fetch-json.js";

/**
 * Trainings that lie beside the page.
 * @param base address of the page's folder, with models/ and runs/
 * @param models those of them with checkpoints
 */
export function pageCheckpoints(base: string, engine: Engine, models: readonly string[]): CheckpointHost {
	return {
		runs: SHIPPED_RUNS,
		// tasks, predictors and the evaluator: not before a run is looked at
		openRun: async (label) => (await import("./page-runs.js")).openPageRun(label, base, engine),
		async steps(model) {
			if (!models.includes(model)) return { steps: [] };
			const phase = await fetchJson<Phase>(`${base}models/${model}/phase.json`);
			return { steps: phase.steps, phase };
		},
	};
}
