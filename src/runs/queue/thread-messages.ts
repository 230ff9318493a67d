import type { RunConfig } from "../../train/run-config.js";

/** What a training thread is started with. */
export interface ThreadStart {
	readonly config: RunConfig;
	readonly projectDir: string;
	/** Names of the storages, which the starting thread keeps. */
	readonly storages: readonly string[];
	/** One flag: not 0 asks the thread to stop at a checkpoint. */
	readonly stop: Int32Array<SharedArrayBuffer>;
}

/** How far a run in training is. */
export interface TrainingReport {
	/** The last step that was done, from 0. */
	readonly step: number;
	/** Of that step's batch. */
	readonly loss: number;
}

/** Where a run in training ended. */
export interface TrainedRun {
	readonly step: number;
	/** SHA-256 of the final weights. */
	readonly weights: string;
}

/** What a thread says last. */
export type ThreadEnd =
	| { readonly done: TrainedRun }
	| { readonly stopped: true }
	| {
			readonly failed: {
				readonly name: string;
				readonly message: string;
				readonly stack?: string | undefined;
			};
	  };
