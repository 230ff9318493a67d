import { CheckpointStore } from "../train/checkpoint-store.js";
import { reject } from "../train/errors.js";
import type { Storage } from "../train/storage.js";
import type { SweepRun } from "../train/sweep.js";
import {
	decodeResult,
	type RunResult,
	type RunToTrain,
	resultKey,
	resultSettings,
	toJson,
} from "./run-result.js";

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
	const result = await readResult({ projectDir, config: run.config }, storages);
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
		const differing = Object.entries(resultSettings(config)).flatMap(([key, wanted]) => {
			const has = (result.settings as Readonly<Record<string, unknown>> | undefined)?.[key];
			const [there, here] = [toJson(has), toJson(wanted)];
			return there === here ? [] : [`${key} ${there} instead of ${here}`];
		});
		if (differing.length > 0) reject(where, `is of other settings: ${differing.join(", ")}`);
		return result;
	}
	return undefined;
}
