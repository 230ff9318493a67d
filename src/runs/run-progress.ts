import { CheckpointStore } from "../train/checkpoint-store.js";
import { differingSettings } from "../train/differing-settings.js";
import { reject } from "../train/errors.js";
import type { Storage } from "../train/storage.js";
import type { SweepRun } from "../train/sweep.js";
import { trainingSettings } from "../train/train-regression.js";
import { checkCheckpoint } from "../train/training-checkpoint.js";
import { decodeResult, type RunResult, type RunToTrain, resultKey, resultSettings } from "./run-result.js";

/** How far a run has come, by what its storages hold. */
export interface RunProgress {
	/** "finished" has its last checkpoint, "begun" has one. */
	readonly state: "finished" | "begun" | "missing";
	/** The last checkpoint's step, from 0. */
	readonly step: number | undefined;
	/** What a worker wrote at the end; runs that were trained on their own have none. */
	readonly result: RunResult | undefined;
}

/**
 * How far a run of a sweep has come.
 * @throws {TrainError} where what ended was a run of other settings: not all of them are in a run's name
 */
export async function runProgress(run: SweepRun, storages: readonly Storage[]): Promise<RunProgress> {
	const { projectDir } = run.names;
	const result = await readResult({ projectDir, config: run.config }, storages);
	if (result) return { state: "finished", step: result.step, result };
	const store = new CheckpointStore(storages, projectDir);
	const step = (await store.steps()).at(-1);
	if (step === undefined) return { state: "missing", step, result };
	if (step < run.config.num_steps - 1) return { state: "begun", step, result };
	// trained on its own, so its last checkpoint alone tells of what settings it is
	await checkCheckpoint(await store.load(step), trainingSettings(run.config));
	return { state: "finished", step, result };
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

/**
 * A run's result where it has one.
 * @throws {TrainError} for a result of other settings: not all of them are in a run's name
 */
export async function readResult(
	{ projectDir, config }: Pick<RunToTrain, "projectDir" | "config">,
	storages: readonly Storage[],
): Promise<RunResult | undefined> {
	const key = resultKey(projectDir);
	for (const storage of storages) {
		const bytes = await storage.get(key);
		if (!bytes) continue;
		const where = `${storage.name}/${key}`;
		const result = decodeResult(bytes, where);
		const differing = differingSettings(result.settings ?? {}, resultSettings(config));
		if (differing.length > 0) reject(where, `is of other settings: ${differing.join(", ")}`);
		return result;
	}
	return undefined;
}
