import { openStorage } from "../../runs/open-storage-node.js";
import { sweepRuns, varyingSettings } from "../../runs/sweep-runs.js";
import { openStorages, readEnvironment } from "../../train/open-storages-node.js";
import { readSweep } from "../../train/read-sweep-node.js";
import { RetryingStorage } from "../../train/retrying-storage.js";
import type { Sweep, SweepRun } from "../../train/sweep.js";
import type { SweepOptions } from "../commands/sweep/index.js";
import { UsageError } from "../errors.js";

/** Where checkpoints go when nothing says otherwise. */
const DEFAULT_PLACE = "runs";

/** What a command on a sweep works with. */
export interface SweepInput {
	readonly sweep: Sweep;
	readonly runs: readonly SweepRun[];
	readonly storages: readonly RetryingStorage[];
	/** What messages call the storages. */
	readonly place: string;
}

/**
 * Reads a sweep and opens its storages: --storage or --out, else what the environment and `.env` name, else "runs".
 * @throws {UsageError} for a file or an option that must be changed
 */
export async function openSweep(file: string, options: SweepOptions): Promise<SweepInput> {
	if (options.storage !== undefined && options.out !== undefined) {
		throw new UsageError("--out and --storage: allowed is one of them");
	}
	const sweep = await asUsage(() => readSweep(file));
	const runs = await asUsage(() => sweepRuns(sweep, options));
	const environment = await readEnvironment();
	const place = options.storage ?? options.out;
	if (place !== undefined) {
		const storage = await asUsage(() => openStorage(place, environment));
		return { sweep, runs, storages: [new RetryingStorage(storage)], place };
	}
	const [first] = runs;
	const named = first ? await openStorages(first.config, environment) : [];
	const storages = named.length > 0 ? named : [await openStorage(DEFAULT_PLACE, environment)];
	return {
		...{ sweep, runs, storages: storages.map((storage) => new RetryingStorage(storage)) },
		place: storages.map(({ name }) => name).join(" and "),
	};
}

/** What is wrong with a file of settings, or with an option, is for the caller to change. */
async function asUsage<T>(work: () => T | Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof Error && error.name === "TrainError") {
			throw new UsageError(error.message, { cause: error });
		}
		throw error;
	}
}

/** A run in as few words as tell it from the others: `#5 num_tasks=64 lr=0.001`. */
export function labelOf(sweep: Sweep, run: SweepRun): string {
	const settings = Object.entries(varyingSettings(sweep, run)).map(([key, value]) => `${key}=${value}`);
	return `#${run.index} ${settings.join(" ") || run.names.current}`;
}
