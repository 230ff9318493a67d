import { reject } from "../train/errors.js";
import { openStorages, readEnvironment } from "../train/open-storages-node.js";
import { readSweep } from "../train/read-sweep-node.js";
import { type Filters, getConfig, getUniqueConfig, type SelectOptions } from "../train/select-runs.js";
import type { Storage } from "../train/storage.js";
import { findCheckpoints, lookedIn } from "./restore-run.js";
import { type OpenRunOptions, Run, type RunDescription } from "./run.js";
import { nearestShipped, shippedStorage } from "./shipped-node.js";

/** Where a run is looked for. */
export interface FindRunOptions extends OpenRunOptions {
	/**
	 * Where checkpoints may lie, before the runs that come with the package. Default: what the run's own
	 * configuration names, else the environment and the file `.env` (see `openStorages`).
	 */
	readonly storages?: readonly Storage[];
	/** In place of the process's variables and `.env`. */
	readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface GetRunOptions extends FindRunOptions, SelectOptions {}

/**
 * Restores the first run of a sweep that has all of the settings (Node).
 * @param sweep a sweep file, or the name of one that comes with the package: `small-sweep.yaml`
 * @throws {TrainError} where no run has them, or where there is no checkpoint of it
 */
export async function getRun(
	sweep: string,
	filters: Filters = {},
	options: GetRunOptions = {},
): Promise<Run> {
	return findRun(getConfig(await readSweep(sweep), filters, options), options);
}

/**
 * Restores the one run of a sweep that has all of the settings (Node).
 * @param sweep a sweep file, or the name of one that comes with the package: `small-sweep.yaml`
 * @throws {TrainError} where none has or several have them, or where there is no checkpoint of it
 */
export async function getUniqueRun(
	sweep: string,
	filters: Filters = {},
	options: GetRunOptions = {},
): Promise<Run> {
	return findRun(getUniqueConfig(await readSweep(sweep), filters, options), options);
}

/**
 * Restores a run from the storages of the options, the environment or the package, in this order.
 * @throws {TrainError} where none has a checkpoint; says where was looked and which shipped run is nearest
 */
export async function findRun(run: RunDescription, options: FindRunOptions = {}): Promise<Run> {
	const own = await storagesOf(run, options);
	// two trainings of the same name: the package's is read only where there is no checkpoint of the user's
	const store =
		(await findCheckpoints(run.names, own)) ?? (await findCheckpoints(run.names, [shippedStorage]));
	if (store) return Run.open(run, store, options);
	return reject(
		run.names.current,
		`has no checkpoints ${lookedIn(run.names, [...own, shippedStorage])}; ${await nearestShipped(run)}`,
	);
}

/** The user's storages in which a run is looked for. */
export async function storagesOf(
	run: Pick<RunDescription, "config">,
	{ storages, environment }: FindRunOptions,
): Promise<readonly Storage[]> {
	return storages ?? (await openStorages(run.config, environment ?? (await readEnvironment())));
}
