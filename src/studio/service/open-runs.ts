import type { Evaluation, Run } from "headscope/icl";
import type { CheckpointHost, TrainedRun } from "./checkpoint-host.js";

/** A checkpoint of a run that was looked at. */
export interface OpenedStep {
	readonly run: Run;
	/** The evaluator's metrics without changes, once they were asked for. */
	metrics: Promise<Evaluation> | undefined;
}

/** Regression runs that were opened, with every checkpoint that was looked at: their weights are small. */
export class OpenRuns {
	private readonly runs = new Map<string, Promise<TrainedRun>>();
	private readonly steps = new Map<string, Promise<OpenedStep>>();

	/** @param host where runs are found; undefined where there are none */
	constructor(private readonly host: () => CheckpointHost | undefined) {}

	/** A run at its last checkpoint; opened when first asked for. @throws {Error} for a name that is no run here */
	run(label: string): Promise<TrainedRun> {
		const checkpoints = this.host();
		if (!checkpoints?.runs.includes(label)) {
			const allowed = checkpoints?.runs.join(", ") || "none";
			throw new Error(`run ${JSON.stringify(label)}, allowed ${allowed}`);
		}
		return kept(this.runs, label, () => checkpoints.openRun(label));
	}

	/** A run at a checkpoint. @param step default the last one. @throws {Error} for a step that was not kept */
	async at(label: string, step?: number): Promise<OpenedStep> {
		const { run } = await this.run(label);
		const wanted = step ?? run.step;
		return kept(this.steps, `${label}@${wanted}`, async () => ({
			run: wanted === run.step ? run : await run.at(wanted),
			metrics: undefined,
		}));
	}

	async dispose(): Promise<void> {
		const steps = await Promise.allSettled(this.steps.values());
		const runs = await Promise.allSettled(this.runs.values());
		for (const one of [...steps, ...runs]) if (one.status === "fulfilled") await one.value.run.dispose();
		this.steps.clear();
		this.runs.clear();
	}
}

/** The promise under a key, made where it is not there. A failure is not kept. */
function kept<T>(all: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
	const known = all.get(key);
	if (known) return known;
	const made = make();
	all.set(key, made);
	made.catch(() => all.delete(key));
	return made;
}
