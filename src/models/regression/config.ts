import { type Dimensions, ModelError } from "../family.js";

/** Settings of a model under the Python trainer's names, as `task_config` of a run has them. */
export interface RegressionTask {
	/** Numbers of an input x. */
	readonly task_size: number;
	/** Most examples of a sequence; each is two tokens. */
	readonly max_examples: number;
	readonly embed_size: number;
	readonly mlp_size: number;
	readonly num_heads: number;
	readonly num_layers: number;
	/** Default true. */
	readonly layer_norm?: boolean | undefined;
	/** Whether the attention has an output projection. Default false. */
	readonly include_output?: boolean | undefined;
}

/** The in-context linear regression transformer's sizes and options. */
export interface RegressionConfig extends Dimensions {
	readonly taskSize: number;
	readonly maxExamples: number;
	readonly layerNorm: boolean;
	readonly includeOutput: boolean;
}

const COUNTS = ["task_size", "max_examples", "embed_size", "mlp_size", "num_heads", "num_layers"] as const;

/**
 * The sizes and options of the model that settings describe.
 * @throws {ModelError} for sizes that are no whole numbers from 1, and heads that do not divide the width.
 */
export function regressionConfig(task: RegressionTask): RegressionConfig {
	for (const key of COUNTS) {
		if (!Number.isSafeInteger(task[key]) || task[key] < 1) {
			throw new ModelError(`regression: ${key} ${task[key]}, allowed whole numbers from 1`);
		}
	}
	const { task_size, max_examples, embed_size, mlp_size, num_heads, num_layers } = task;
	if (embed_size % num_heads !== 0) {
		throw new ModelError(`regression: embed_size ${embed_size} is not a multiple of num_heads ${num_heads}`);
	}
	return {
		nLayers: num_layers,
		nHeads: num_heads,
		nKvHeads: num_heads,
		dModel: embed_size,
		dHead: embed_size / num_heads,
		dMlp: mlp_size,
		vocab: task_size + 1,
		nCtx: 2 * max_examples,
		taskSize: task_size,
		maxExamples: max_examples,
		layerNorm: task.layer_norm ?? true,
		includeOutput: task.include_output ?? false,
	};
}
