import type { RunResult } from "../../../runs/run-result.js";
import type { Cli } from "../../cli.js";
import type { SweepOptions } from "../../commands/sweep/index.js";
import { openSweep } from "../../input/sweep-input.js";
import { type ListedRun, listRuns, runTable } from "./list.js";

/** A run as `headscope sweep status --json` tells of it. */
export interface StatusRun extends ListedRun {
	/** What was measured at the end; null where no worker of a sweep has finished it. */
	readonly result: Pick<RunResult, "metrics" | "weights" | "token" | "worker"> | null;
}

/** What `headscope sweep status --json` prints. */
export interface SweepStatusResult {
	readonly sweep: string;
	readonly storage: string;
	readonly finished: number;
	readonly begun: number;
	readonly missing: number;
	readonly runs: readonly StatusRun[];
}

export async function status(cli: Cli, file: string, options: SweepOptions): Promise<void> {
	const input = await openSweep(file, options);
	const runs = await listRuns(input, ({ result }) => ({ result: result ? shown(result) : null }));
	const count = (state: ListedRun["state"]): number => runs.filter((run) => run.state === state).length;
	const counts = { finished: count("finished"), begun: count("begun"), missing: count("missing") };
	await cli.result(
		(): SweepStatusResult => ({ sweep: input.sweep.name, storage: input.place, ...counts, runs }),
		() =>
			[
				`${input.sweep.name} in ${input.place}: ${counts.finished} of ${runs.length} runs finished, ${counts.begun} begun, ${counts.missing} not begun`,
				runTable(runs, [{ title: "LOSS", right: true }], ({ result }) => [
					result ? Number(result.metrics.loss).toFixed(4) : "",
				]),
			].join("\n\n"),
	);
}

function shown({ metrics, weights, token, worker }: RunResult): NonNullable<StatusRun["result"]> {
	return { metrics, weights, token, worker };
}
