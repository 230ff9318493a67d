import { fileURLToPath } from "node:url";
import { LocalStorage } from "../train/local-storage-node.js";
import { readSweep } from "../train/read-sweep-node.js";
import { numTasks, type RunConfig } from "../train/run-config.js";
import { getSweepConfigs } from "../train/select-runs.js";
import type { Storage } from "../train/storage.js";
import { findCheckpoints } from "./restore-run.js";
import type { RunDescription } from "./run.js";

/** The trained runs that come with the package, in the layout of every local storage. */
export const shippedStorage: Storage = new LocalStorage(
	fileURLToPath(new URL("../../assets/runs", import.meta.url)),
);

/** The sweeps that come with the package: names of runs are looked up in them, the trained ones first. */
export const SHIPPED_SWEEPS = ["demo-sweep.yaml", "small-sweep.yaml"] as const;

/** The runs that come with the package, trained. */
export async function shippedRuns(): Promise<RunDescription[]> {
	const sweep = await readSweep(SHIPPED_SWEEPS[0]);
	const found: RunDescription[] = [];
	for (const run of getSweepConfigs(sweep)) {
		if (await findCheckpoints(run.names, [shippedStorage])) found.push(run);
	}
	return found;
}

/** How a shipped run is called: by its number of tasks, in which they differ. */
export function labelOf({ config }: Pick<RunDescription, "config">): string {
	const count = numTasks(config);
	return `M=${Number.isFinite(count) ? count : "inf"}`;
}

/** The shipped run whose settings differ least from a run's, in words: "nearest shipped run: M=64 (...)". */
export async function nearestShipped({ config }: Pick<RunDescription, "config">): Promise<string> {
	const candidates = (await shippedRuns()).map((run) => ({
		label: labelOf(run),
		differing: differences(run.config, config),
		// of equally many settings the nearer number of tasks
		distance: Math.abs(Math.log(numTasks(run.config)) - Math.log(numTasks(config))),
	}));
	candidates.sort((a, b) => a.differing.length - b.differing.length || a.distance - b.distance);
	const [best] = candidates;
	if (!best) return "no run comes with this package";
	const settings = best.differing.join(", ");
	return `nearest shipped run: ${best.label}${settings && ` (${settings})`}`;
}

/** Settings in which a run differs from the one that was wanted: "num_steps 50000 instead of 500000". */
function differences(has: RunConfig, wanted: RunConfig): string[] {
	const [ours, theirs] = [settingsOf(has), settingsOf(wanted)];
	const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
	const text = (value: unknown): string => (value === undefined ? "default" : String(value));
	return [...keys]
		.filter((key) => text(ours[key]) !== text(theirs[key]))
		.map((key) => `${key} ${text(ours[key])} instead of ${text(theirs[key])}`);
}

/** What decides a run's numbers, flat; the rest of the schedule follows from the rate and the steps. */
function settingsOf(config: RunConfig): Readonly<Record<string, unknown>> {
	const { task_config, optimizer_config, scheduler_config, num_steps, batch_size } = config;
	const { scheduler_type } = scheduler_config;
	return { ...task_config, ...optimizer_config, scheduler_type, num_steps, batch_size };
}
