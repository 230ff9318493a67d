import { availableParallelism } from "node:os";
import { type RetryingStorage, StorageAwayError } from "../../train/retrying-storage.js";
import type { Storage } from "../../train/storage.js";
import { messageOf } from "../../weights/errors.js";
import { runToTrain } from "../run-result.js";
import { keepSettings } from "../run-settings.js";
import type { BoardRow, SweepBoard } from "../sweep-board.js";
import { writeResult } from "./finish-run-node.js";
import { StoppedError } from "./train-and-report.js";
import { trainInThread } from "./train-in-thread-node.js";

export interface TrainSweepOptions {
	/** That try failing requests again, so that one that fails all the same counts as away. */
	readonly storages: readonly RetryingStorage[];
	/** Runs at a time, one thread each; default one a core. */
	readonly workers?: number | undefined;
	/** Stops each run at a checkpoint; the promise resolves then too. */
	readonly signal: AbortSignal;
}

/**
 * Trains the waiting runs of a board on this machine (Node), each on one core, in their order. A run that fails
 * does not stop the others.
 * @throws {StorageAwayError} after all runs stopped, where a storage stayed away
 */
export async function trainSweep(board: SweepBoard, options: TrainSweepOptions): Promise<void> {
	const { storages } = options;
	const away = new AbortController();
	const signal = AbortSignal.any([options.signal, away.signal]);
	const waiting = board.inState("waiting");
	const work = async (): Promise<void> => {
		for (let row = waiting.shift(); row && !signal.aborted; row = waiting.shift()) {
			await trainRow(board, row, storages, signal).catch((error) => away.abort(error));
		}
	};
	await Promise.all(Array.from({ length: options.workers ?? availableParallelism() }, work));
	if (away.signal.aborted) throw away.signal.reason;
}

/** Trains one run; what concerns it alone ends up in its row. */
async function trainRow(
	board: SweepBoard,
	row: BoardRow,
	storages: readonly Storage[],
	signal: AbortSignal,
): Promise<void> {
	const run = runToTrain(row.run);
	board.update(row, { state: "training" });
	try {
		await keepSettings(row.run, storages);
		const trained = await trainInThread(run.config, {
			storages,
			projectDir: run.projectDir,
			signal,
			onReport: (report) => board.update(row, report),
		});
		const { result } = await writeResult(run, trained, storages, null);
		board.update(row, { state: "finished", step: result.step });
	} catch (error) {
		if (error instanceof StoppedError) return board.update(row, { state: "waiting" });
		board.update(row, { state: "failed", error: messageOf(error) });
		if (error instanceof StorageAwayError) throw error;
	}
}
