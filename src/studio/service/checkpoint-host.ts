import type { Run } from "headscope/icl";

/** Regression runs that come with the package, by their number of tasks. */
export const SHIPPED_RUNS: readonly string[] = ["M=1", "M=4", "M=64", "M=65536"];

/** Measured at every checkpoint of a training; the form of `headscope phase --json`. */
export interface Phase {
	/** Ascending. */
	readonly steps: readonly number[];
	/** Of a language model: mean cross-entropy, in nats, of tokens that a repeated segment says again. */
	readonly loss?: readonly number[];
	/** By score's name. */
	readonly scores: Readonly<Record<string, PhaseScore>>;
}

/** A score of every head at every checkpoint. */
export interface PhaseScore {
	/** [step][layer][head] */
	readonly values: readonly (readonly (readonly number[])[])[];
	/** The head that ranks first at each step. */
	readonly best: readonly { readonly head: string; readonly score: number }[];
}

/** The kept steps of a model's training, and where it is known what was measured at them. */
export interface Checkpoints {
	/** Ascending; empty where a model has none. */
	readonly steps: readonly number[];
	readonly phase?: Phase;
}

/** What is written beside the runs, for pages, which cannot list a folder. */
export interface ShippedRun {
	/** "M=64" */
	readonly label: string;
	/** As they were given: they make the run's name. */
	readonly settings: Readonly<Record<string, unknown>>;
	readonly phase: Phase;
	/** Of the evaluator, by name: one for each step. */
	readonly metrics: Readonly<Record<string, readonly number[]>>;
}

/** A run at its last checkpoint, and what is known of the others. */
export interface TrainedRun extends Pick<ShippedRun, "phase" | "metrics"> {
	readonly run: Run;
}

/** Trainings whose checkpoints lie where the service runs. */
export interface CheckpointHost {
	/** Names of regression runs that can be opened. */
	readonly runs: readonly string[];
	/** @throws {Error} for a name that is not among the runs */
	openRun(label: string): Promise<TrainedRun>;
	/** @param base a model's name, without a step */
	steps(base: string): Promise<Checkpoints>;
	dispose?(): Promise<void>;
}

/** The entry of a run. @throws {Error} where there is none; lists those that there are */
export function shippedRun(listed: readonly ShippedRun[], label: string): ShippedRun {
	const found = listed.find((run) => run.label === label);
	if (found) return found;
	throw new Error(`run "${label}", allowed ${listed.map((run) => run.label).join(", ")}`);
}
