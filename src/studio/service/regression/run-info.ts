import { tokenNames } from "headscope/icl";
import type { TrainedRun } from "../checkpoint-host.js";

/** What the page knows of a regression run. */
export interface RunInfo extends Pick<TrainedRun, "phase" | "metrics"> {
	/** "M=64" */
	readonly label: string;
	/** With the hashes of its settings. */
	readonly name: string;
	/** Of its checkpoints, ascending. */
	readonly steps: readonly number[];
	readonly nLayers: number;
	readonly nHeads: number;
	/** Numbers of an x. */
	readonly taskSize: number;
	/** Most examples of a sequence. */
	readonly maxExamples: number;
	/** Tasks that it was trained on; null for a fresh one each time. */
	readonly numTasks: number | null;
	readonly noiseVariance: number;
	/** What the tokens of a sequence are called: x0, y0, x1, ... */
	readonly tokens: readonly string[];
	/** Activations: the inputs, then modules in the order of the original's cache, then hook points. */
	readonly locations: readonly RunLocation[];
}

/** An activation of a run. */
export interface RunLocation {
	readonly name: string;
	/** Its extents, in words: "batch, pos, 64". */
	readonly shape: string;
	readonly kind: "input" | "module" | "hook";
}

/** Where the modules of the original lie. */
const ROOT = "token_sequence_transformer";

export function infoOf(label: string, { run, phase, metrics }: TrainedRun): RunInfo {
	const { nLayers, nHeads, taskSize, maxExamples } = run.model.config;
	const { prior, noiseVariance } = run.pretrainDist;
	const points = run.model.model.hookPoints().filter(({ optional }) => !optional);
	return {
		label,
		name: run.name,
		steps: phase.steps,
		...{ nLayers, nHeads, taskSize, maxExamples, noiseVariance },
		numTasks: prior.numTasks === "inf" ? null : prior.numTasks,
		tokens: tokenNames(2 * maxExamples),
		locations: [
			{ name: "x", shape: `batch, example, ${taskSize}`, kind: "input" },
			{ name: "y", shape: "batch, example, 1", kind: "input" },
			...points.map(
				({ name, shape }): RunLocation => ({
					name,
					shape: shape.join(", "),
					kind: name.split(".")[0] === ROOT ? "module" : "hook",
				}),
			),
		],
		phase,
		metrics,
	};
}
