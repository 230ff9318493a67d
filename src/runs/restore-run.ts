import { CheckpointStore } from "../train/checkpoint-store.js";
import { reject } from "../train/errors.js";
import type { RunNames } from "../train/run-name.js";
import type { Storage } from "../train/storage.js";
import { type OpenRunOptions, Run, type RunDescription } from "./run.js";

export interface RestoreOptions extends OpenRunOptions {
	/** Where checkpoints may lie, all of one training; of a step the first that has it is read. */
	readonly storages: readonly Storage[];
}

/**
 * Restores a run from its checkpoints, by default from the last one.
 * @throws {TrainError} where no storage has one; says where was looked
 */
export async function restoreRun(run: RunDescription, options: RestoreOptions): Promise<Run> {
	const store = await findCheckpoints(run.names, options.storages);
	if (store) return Run.open(run, store, options);
	return reject(run.names.current, `has no checkpoints ${lookedIn(run.names, options.storages)}`);
}

/** The checkpoints of a run under its own folder or, as early runs were kept, under its early name. */
export async function findCheckpoints(
	names: RunNames,
	storages: readonly Storage[],
): Promise<CheckpointStore | undefined> {
	for (const folder of foldersOf(names)) {
		const store = new CheckpointStore(storages, folder);
		if ((await store.steps()).length > 0) return store;
	}
	return undefined;
}

/** For errors: "in STORAGE, STORAGE under FOLDER or FOLDER". */
export function lookedIn(names: RunNames, storages: readonly Storage[]): string {
	if (storages.length === 0) return "to be found: no storage is set";
	const folders = foldersOf(names).map((folder) => `checkpoints/${folder}`);
	return `in ${storages.map(({ name }) => name).join(", ")} under ${folders.join(" or ")}`;
}

function foldersOf({ projectDir, current, early }: RunNames): string[] {
	// a folder that was chosen is the run's only one
	return projectDir.startsWith("icl/") && current.startsWith(projectDir.slice(4))
		? [projectDir, `icl/${early}`]
		: [projectDir];
}
