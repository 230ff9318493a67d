import { giveAwaySweep } from "../../../runs/queue/give-away-sweep-node.js";
import { trainSweep } from "../../../runs/queue/train-sweep-node.js";
import { PATIENCE } from "../../../runs/queue/watch-redis-node.js";
import { allProgress } from "../../../runs/run-progress.js";
import { SweepBoard } from "../../../runs/sweep-board.js";
import type { Cli } from "../../cli.js";
import type { SweepRunOptions } from "../../commands/sweep/index.js";
import { UsageError } from "../../errors.js";
import { labelOf, openSweep, type SweepInput } from "../../input/sweep-input.js";
import { duration, LiveSweep } from "../../output/live-sweep.js";
import { prepareFolder } from "../../output/output.js";

/** What `headscope sweep run --json` prints. */
export interface SweepRunResult {
	readonly sweep: string;
	readonly storage: string;
	readonly finished: number;
	readonly failed: number;
	/** Given to the workers of a queue that nobody waited for. */
	readonly waiting: number;
	readonly runs: readonly {
		readonly index: number;
		readonly name: string;
		readonly state: "finished" | "failed" | "waiting" | "training";
		/** The last step that was done, from 0. */
		readonly step: number | null;
		readonly error: string | null;
	}[];
}

/** How long runs may take to stop at a checkpoint after Ctrl-C, in milliseconds. */
const STOP_WITHIN = 120_000;

export async function runSweep(cli: Cli, file: string, options: SweepRunOptions): Promise<void> {
	checkOptions(options);
	const input = await openSweep(file, options);
	const [storage, second] = input.storages;
	if (options.queue !== undefined && (!storage || second)) {
		throw new UsageError("--queue: needs one --storage, that of the workers");
	}
	const folder = options.out ?? options.storage;
	if (folder !== undefined && !folder.includes("://")) await prepareFolder(folder);
	const progress = await allProgress(input.runs, input.storages);
	const live = new LiveSweep(cli.io.stderr, cli.options.quiet ?? false, ({ run }) =>
		labelOf(input.sweep, run),
	);
	const board = new SweepBoard(input.runs, progress, (row, before) => live.changed(row, before));
	live.start(board);
	const { queue, detach } = options;
	try {
		if (queue === undefined || !storage) await trainHere(cli, board, input, options, live);
		else {
			const patience = options.patience === undefined ? PATIENCE : 1000 * options.patience;
			await giveAwaySweep(board, {
				...{ queue, storage, detach, patience, signal: cli.signal },
				onRedis: (where, state) =>
					live.say(
						state === "away"
							? `waiting for Redis at ${where}, for up to ${duration(patience / 1000)}`
							: "Redis is back",
					),
			});
		}
	} finally {
		live.end();
		if (cli.signal.aborted) {
			const done = board.inState("finished").length;
			const how =
				options.queue === undefined
					? "the same command goes on with the others"
					: "the workers go on, and the same command waits for them again";
			cli.note(`${done} of ${board.rows.length} runs finished; ${how}`);
		}
	}
	await report(cli, board, input);
}

/** @throws {UsageError} for options that say nothing together */
function checkOptions({ queue, workers, detach, patience }: SweepRunOptions): void {
	if (queue !== undefined && workers !== undefined) {
		throw new UsageError("--workers: not with --queue, whose workers are started by headscope worker");
	}
	if (queue !== undefined) return;
	if (detach) throw new UsageError("--detach: allowed with --queue");
	if (patience !== undefined) throw new UsageError("--patience: allowed with --queue");
}

/** Trains on this machine. */
async function trainHere(
	cli: Cli,
	board: SweepBoard,
	{ storages }: SweepInput,
	{ workers }: SweepRunOptions,
	live: LiveSweep,
): Promise<void> {
	const stopping = (): void => live.say("stopping at checkpoints; Ctrl-C again ends at once");
	cli.signal.addEventListener("abort", stopping, { once: true });
	// every run ends at a checkpoint, which a measurement may keep it from for a while
	cli.io.tidyFor?.(STOP_WITHIN);
	await trainSweep(board, { storages, workers, signal: cli.signal });
}

/** @throws {Error} where runs failed, after everything is told */
async function report(cli: Cli, board: SweepBoard, { sweep, place }: SweepInput): Promise<void> {
	const failed = board.inState("failed");
	const [finished, waiting] = [board.inState("finished").length, board.inState("waiting").length];
	await cli.result(
		(): SweepRunResult => ({
			...{ sweep: sweep.name, storage: place, finished, failed: failed.length, waiting },
			runs: board.rows.map(({ run, state, step, error }) => ({
				...{ index: run.index, name: run.names.current, state },
				...{ step: step ?? null, error: error ?? null },
			})),
		}),
		() =>
			[
				`${finished} of ${board.rows.length} runs of ${sweep.name} are finished in ${place}${waiting > 0 ? `; ${waiting} are for the workers` : ""}`,
				...failed.map((row) => `${labelOf(sweep, row.run)} failed: ${row.error}`),
			].join("\n"),
	);
	if (failed.length > 0) throw new Error(`${failed.length} of ${board.rows.length} runs failed`);
}
