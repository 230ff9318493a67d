import { CheckpointStore } from "../train/checkpoint-store.js";
import type { Storage } from "../train/storage.js";
import type { SweepRun } from "../train/sweep.js";
import { decodeResult, type RunResult, resultKey } from "./run-result.js";

/** How far a run has come, by what its storages hold. */
export interface RunProgress {
	/** "finished" has its last checkpoint, "begun" has one. */
	readonly state: "finished" | "begun" | "missing";
	/** The last checkpoint's step, from 0. */
	readonly step: number | undefined;
	/** What a worker wrote at the end; runs that were trained on their own have none. */
	readonly result: RunResult | undefined;
}

/** How far a run of a sweep has come. */
export async function runProgress(run: SweepRun, storages: readonly Storage[]): Promise<RunProgress> {
	const { projectDir } = run.names;
	const result = await readResult(projectDir, storages);
	if (result) return { state: "finished", step: result.step, result };
	const step = (await new CheckpointStore(storages, projectDir).steps()).at(-1);
	const state = step === undefined ? "missing" : step >= run.config.num_steps - 1 ? "finished" : "begun";
	return { state, step, result };
}

/** As {@link runProgress} of each run; some at a time, so that a bucket is not flooded. */
export async function allProgress(
	runs: readonly SweepRun[],
	storages: readonly Storage[],
	atOnce = 16,
): Promise<RunProgress[]> {
	const found: RunProgress[] = [];
	for (let at = 0; at < runs.length; at += atOnce) {
		const some = runs.slice(at, at + atOnce);
		found.push(...(await Promise.all(some.map((run) => runProgress(run, storages)))));
	}
	return found;
}

/** A run's result where it has one. */
export async function readResult(
	projectDir: string,
	storages: readonly Storage[],
): Promise<RunResult | undefined> {
	const key = resultKey(projectDir);
	for (const storage of storages) {
		const bytes = await storage.get(key);
		if (bytes) return decodeResult(bytes, `${storage.name}/${key}`);
	}
	return undefined;
}
