import type { Run } from "../../runs/run.js";

/** What results say of a run of in-context regression that stands in a model's place. */
export interface RunResult {
	readonly name: string;
	/** Of the checkpoint; null where its file's name does not tell. */
	readonly step: number | null;
}

export function runResult({ name, step }: Run): RunResult {
	return { name, step: Number.isFinite(step) ? step : null };
}
