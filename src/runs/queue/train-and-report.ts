import type { RunConfig } from "../../train/run-config.js";
import type { Storage } from "../../train/storage.js";
import { trainRegression } from "../../train/train-regression.js";
import { weightsHash } from "../run-result.js";
import type { TrainedRun, TrainingReport } from "./thread-messages.js";

/** Between two reports, and two looks at whether to stop, in milliseconds. */
const REPORT_EVERY = 200;

export interface TrainAndReportOptions {
	readonly storages: readonly Storage[];
	readonly projectDir: string;
	/** Whether to stop at a checkpoint; the promise then rejects with {@link StoppedError}. */
	stopAsked(): boolean;
	/** Called now and then; waited for. */
	report(report: TrainingReport): Promise<void>;
}

/** A run that was asked to stop, and did so at a checkpoint. */
export class StoppedError extends Error {
	override name = "StoppedError";
}

/** Trains a run on one thread, the calling one, or goes on where its last checkpoint is. */
export async function trainAndReport(config: RunConfig, options: TrainAndReportOptions): Promise<TrainedRun> {
	const stop = new AbortController();
	let reported = 0;
	const { step, weights } = await trainRegression(config, {
		storages: options.storages,
		projectDir: options.projectDir,
		signal: stop.signal,
		engineOptions: { threads: 1, thread: "same" },
		onStep: async ({ step, loss }) => {
			const now = performance.now();
			if (now - reported < REPORT_EVERY) return;
			reported = now;
			if (options.stopAsked()) stop.abort(new StoppedError("stopped at a checkpoint"));
			await options.report({ step, loss });
		},
	});
	return { step, weights: weightsHash(weights) };
}
