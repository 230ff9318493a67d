import { allProgress, type RunProgress } from "../../../runs/run-progress.js";
import { varyingSettings } from "../../../runs/sweep-runs.js";
import type { Cli } from "../../cli.js";
import type { SweepOptions } from "../../commands/sweep/index.js";
import { openSweep, type SweepInput } from "../../input/sweep-input.js";
import { type Column, table } from "../../output/table.js";

/** A run as `headscope sweep list --json` and `sweep status --json` tell of it. */
export interface ListedRun {
	/** Its place in the sweep, from 0. */
	readonly index: number;
	readonly name: string;
	/** Its folder below `checkpoints/`. */
	readonly folder: string;
	/** The settings in which runs of the sweep differ. */
	readonly settings: Readonly<Record<string, string>>;
	readonly state: RunProgress["state"];
	/** Of the last checkpoint, from 0. */
	readonly step: number | null;
	/** Updates of the whole run. */
	readonly steps: number;
}

/** What `headscope sweep list --json` prints. */
export interface SweepListResult {
	readonly sweep: string;
	readonly storage: string;
	readonly runs: readonly ListedRun[];
}

export async function list(cli: Cli, file: string, options: SweepOptions): Promise<void> {
	const input = await openSweep(file, options);
	const runs = await listRuns(input, () => ({}));
	await cli.result(
		(): SweepListResult => ({ sweep: input.sweep.name, storage: input.place, runs }),
		() => runTable(runs, [{ title: "NAME" }], ({ name }) => [name]),
	);
}

/** The runs of a sweep as they are told, with what the caller adds of how far each is. */
export async function listRuns<T extends object>(
	{ sweep, runs, storages }: SweepInput,
	more: (progress: RunProgress) => T,
): Promise<(ListedRun & T)[]> {
	const progress = await allProgress(runs, storages);
	return runs.map((run, i) => {
		const { names, index, config } = run;
		const far = progress[i] as RunProgress;
		return {
			index,
			name: names.current,
			folder: names.projectDir,
			settings: varyingSettings(sweep, run),
			state: far.state,
			step: far.step ?? null,
			steps: config.num_steps,
			...more(far),
		};
	});
}

/** Runs as a table: index, settings, how far, state, and what the caller adds. */
export function runTable<R extends ListedRun>(
	runs: readonly R[],
	more: readonly Column[],
	cells: (run: R) => readonly string[],
): string {
	const keys = Object.keys(runs[0]?.settings ?? {});
	const columns = [
		{ title: "INDEX", right: true },
		...keys.map((key) => ({ title: key, right: true })),
		{ title: "STEP", right: true },
		{ title: "STATE" },
		...more,
	];
	const rows = runs.map((run) => [
		String(run.index),
		...keys.map((key) => run.settings[key] ?? ""),
		run.step === null ? `-/${run.steps}` : `${run.step + 1}/${run.steps}`,
		run.state,
		...cells(run),
	]);
	return table(columns, rows);
}
