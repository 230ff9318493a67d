import { CheckpointStore, runFolder } from "../train/checkpoint-store.js";
import type { Storage } from "../train/storage.js";
import { encodeRun, RUN_FILE } from "./describe-run.js";
import type { RunDescription } from "./run.js";

/**
 * Writes a run's settings beside its checkpoints as `run.json`, so that `resolveRun` finds all it needs there. What
 * checkpoints were made with stays; of a run that saved none, nothing is left to keep.
 */
export async function keepSettings(
	run: Pick<RunDescription, "given" | "names">,
	storages: readonly Storage[],
): Promise<void> {
	const { projectDir } = run.names;
	const begun = (await new CheckpointStore(storages, projectDir).steps()).length > 0;
	const key = `${runFolder(projectDir)}/${RUN_FILE}`;
	for (const storage of storages) {
		if (begun) await storage.putNew(key, encodeRun(run));
		else await storage.put(key, encodeRun(run));
	}
}
