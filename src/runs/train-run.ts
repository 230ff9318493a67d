import { CheckpointStore, runFolder } from "../train/checkpoint-store.js";
import type { TrainResult } from "../train/run-plan.js";
import { type TrainOptions, trainRegression } from "../train/train-regression.js";
import { encodeRun, RUN_FILE } from "./describe-run.js";
import { RetryingStorage } from "./queue/retrying-storage.js";
import type { RunDescription } from "./run.js";

export interface TrainRunOptions extends Omit<TrainOptions, "projectDir"> {
	/** Pauses before a failing request to a storage is tried again, in milliseconds. Default half a minute in all. */
	readonly pauses?: readonly number[];
}

/**
 * Trains a run in its own folder, or goes on where it was stopped: `trainRegression`, with the run's settings
 * beside its checkpoints as `run.json`, so that `resolveRun` finds all it needs there. Storages that fail are
 * tried again; one that stays away ends the run, whose checkpoints so far are whole.
 * @throws {TrainError} as `trainRegression`
 */
export async function trainRun(run: RunDescription, options: TrainRunOptions): Promise<TrainResult> {
	const { projectDir } = run.names;
	const storages = options.storages.map((storage) => new RetryingStorage(storage, options.pauses));
	const begun = (await new CheckpointStore(storages, projectDir).steps()).length > 0;
	const key = `${runFolder(projectDir)}/${RUN_FILE}`;
	for (const storage of storages) {
		// what checkpoints were made with stays; of a run that saved none, nothing is left to keep
		if (begun) await storage.putNew(key, encodeRun(run));
		else await storage.put(key, encodeRun(run));
	}
	return trainRegression(run.config, { ...options, storages, projectDir });
}
