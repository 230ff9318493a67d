import {
	Evaluator,
	gaussianTasks,
	RegressionSequences,
	type TaskDistribution,
	taskDistribution,
} from "../tasks/regression/index.js";
import { reject } from "./errors.js";
import { numTasks, type RunConfig } from "./run-config.js";

/** The sequences that a run is trained on, and those of Gaussian tasks that it is tested on too. */
export interface RunData {
	readonly pretrain: RegressionSequences;
	readonly true: RegressionSequences;
}

/**
 * A run's data, made anew from its seeds: no file holds it.
 * @throws {TrainError} where `pretrain_seed` is null
 */
export function runData(config: RunConfig): RunData {
	const { task_size, noise_variance } = config.task_config;
	return {
		pretrain: new RegressionSequences(priorOf(config), noise_variance),
		true: new RegressionSequences(gaussianTasks(task_size), noise_variance),
	};
}

/**
 * The evaluator of a run, on the batches of its `true_seed`.
 * @throws {TrainError} where that is null
 */
export function runEvaluator(config: RunConfig, { pretrain }: RunData): Evaluator {
	const { prior, noiseVariance } = pretrain;
	return Evaluator.draw({
		prior,
		noiseVariance,
		numExamples: config.task_config.max_examples,
		batchSize: config.eval_batch_size,
		source: seedOf(config, "true_seed"),
	});
}

function priorOf(config: RunConfig): TaskDistribution {
	const count = numTasks(config);
	const { task_size } = config.task_config;
	// Gaussian tasks draw nothing ahead
	return Number.isFinite(count)
		? taskDistribution(count, task_size, seedOf(config, "pretrain_seed"))
		: gaussianTasks(task_size);
}

/**
 * A seed of a run. The Python trainer takes null too and then draws what no one can draw again.
 * @throws {TrainError} where it is null: neither could the run be gone on with, nor restored with its tasks
 */
export function seedOf(
	{ task_config }: RunConfig,
	key: "model_seed" | "pretrain_seed" | "true_seed",
): number {
	const why = "without a seed a run cannot be repeated";
	return task_config[key] ?? reject(`task_config.${key}`, `null, allowed whole numbers from 0: ${why}`);
}
