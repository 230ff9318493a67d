import type { Model } from "headscope";
import type { Experiment, ExperimentHost } from "headscope/experiments";
import type { Sae } from "headscope/sae";
import type { Progress } from "headscope/weights";
import type { CheckpointHost } from "./checkpoint-host.js";

/** A file that was dropped on the page. */
export interface DroppedFile {
	readonly name: string;
	readonly blob: Blob;
}

export interface OpenOptions {
	readonly signal: AbortSignal;
	onProgress(progress: Progress): void;
}

/** What the service needs of where it runs: a page's worker or Node. */
export interface StudioHost {
	/** Models that can be opened by name, the one to begin with first. */
	readonly models: readonly string[];
	/** Whether hub ids and addresses can be opened beside these. */
	readonly anyModel: boolean;
	/** What computes, for people: "WASM, 2 threads". */
	readonly engine: string;
	readonly versions: Readonly<Record<string, string>>;
	/** @throws {Error} for a name that is not among the models */
	openModel(ref: string, options: OpenOptions): Promise<Model>;
	/** Absent where files cannot come in. */
	openFiles?(files: readonly DroppedFile[], options: OpenOptions): Promise<Model>;
	/** Regression runs, texts and donors that experiments name. */
	readonly experiments?: (experiment: Experiment) => Partial<ExperimentHost>;
	/** Folders of sparse autoencoders that changes of the kind `sae` may name. */
	readonly dictionaries?: readonly string[];
	/** Reads one of them. */
	loadDictionary?(name: string): Promise<Sae>;
	/** Trainings, and their checkpoints. */
	readonly checkpoints?: CheckpointHost;
}
