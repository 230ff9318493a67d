import { allProgress, type RunProgress } from "../../../runs/run-progress.js";
import { varyingSettings } from "../../../runs/sweep-runs.js";
import type { SweepRun } from "../../../train/sweep.js";
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
	const progress = await allProgress(input.runs, input.storages);
	const runs = input.runs.map((run, i) => listedRun(input, run, progress[i] as RunProgress));
	await cli.result(
		(): SweepListResult => ({ sweep: input.sweep.name, storage: input.place, runs }),
		() => runTable(runs, [{ title: "NAME" }], ({ name }) => [name]),
	);
}

export function listedRun({ sweep }: SweepInput, run: SweepRun, { state, step }: RunProgress): ListedRun {
	const { names, index, config } = run;
	return {
		index,
		name: names.current,
		folder: names.projectDir,
		settings: varyingSettings(sweep, run),
		state,
		step: step ?? null,
		steps: config.num_steps,
	};
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
