import { RetryingStorage } from "../train/retrying-storage.js";
import type { TrainResult } from "../train/run-plan.js";
import { type TrainOptions, trainRegression } from "../train/train-regression.js";
import type { RunDescription } from "./run.js";
import { keepSettings } from "./run-settings.js";

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
	await keepSettings(run, storages);
	return trainRegression(run.config, { ...options, storages, projectDir });
}
