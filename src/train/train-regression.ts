import { LOSS_FEEDS, RegressionModel, regressionConfig } from "../models/regression/index.js";
import { TorchRandom } from "../random/index.js";
import type { MetricKeys } from "../tasks/regression/index.js";
import { regressionObjective } from "./objectives/index.js";
import type { RunConfig } from "./run-config.js";
import { runData, runEvaluator, seedOf } from "./run-data.js";
import { doRun, type RunOptions, type RunParts, type TrainResult } from "./run-plan.js";
import { schedule } from "./schedule.js";
import { reachedSteps } from "./steps.js";

export interface TrainOptions extends RunOptions {
	/** Called at each logging step. */
	readonly onMetrics?: (step: number, metrics: Readonly<Record<string, number>>) => void;
	/** Spelling of the metrics. Default "early". */
	readonly metricKeys?: MetricKeys;
}

/**
 * Trains an in-context regression transformer as the original does, or goes on where it was stopped. On the
 * same CPU, runtime and thread count a run that was stopped anywhere and resumed ends with the same bits.
 *
 * Step s draws its batch with seed `sampling_seed + s`, updates, then evaluates if s is a logging step and
 * saves if it is a checkpoint step: "at step s" is after s + 1 updates. The last step is always saved.
 * @throws {TrainError} for settings that cannot run, checkpoints that do not fit, and a loss that is no number:
 * the run then stops, and its last checkpoint is the last good one.
 */
export async function trainRegression(run: RunConfig, options: TrainOptions): Promise<TrainResult> {
	const { task_config, optimizer_config, scheduler_config, num_steps, batch_size } = run;
	return doRun(
		{
			objective: regressionObjective,
			config: regressionConfig(task_config),
			batch: batch_size,
			length: task_config.max_examples,
			steps: num_steps,
			seed: seedOf(run, "model_seed"),
			optimizer: optimizer_config,
			rate: schedule(scheduler_config),
			checkpoints: new Set(reachedSteps(run.checkpointer_config.checkpoint_steps, num_steps)),
			settings: trainingSettings(run),
			begin: () => begin(run, options),
		},
		options,
	);
}

/** The settings of a run that decide its weights. */
export function trainingSettings({
	task_config,
	optimizer_config,
	scheduler_config,
	num_steps,
	batch_size,
}: RunConfig): object {
	return { task_config, optimizer_config, scheduler_config, num_steps, batch_size };
}

/** The batches and metrics of a run, which its seeds decide. */
function begin(run: RunConfig, { metricKeys = "early", onMetrics }: TrainOptions): RunParts {
	const { task_config: task } = run;
	const data = runData(run);
	const evaluator = runEvaluator(run, data);
	const seed = samplingSeed(run);
	return {
		draw: (step) => {
			const random = new TorchRandom(seed + step);
			const { xs, ys } = data.pretrain.getBatch(task.max_examples, run.batch_size, random);
			return { [LOSS_FEEDS.xs]: xs, [LOSS_FEEDS.ys]: ys };
		},
		measurement: {
			steps: new Set(reachedSteps(run.logger_config.logging_steps, run.num_steps)),
			at: async (step, weights, engine) => {
				const model = await RegressionModel.fromStateDict(regressionConfig(task), weights, { engine });
				const { metrics } = await evaluator.evaluate((xs, ys) => model.predict(xs, ys), {
					keys: metricKeys,
					subsequenceSeed: seed + step,
				});
				await model.dispose();
				onMetrics?.(step, metrics);
				return metrics;
			},
		},
	};
}

/** Step s draws with this plus s; where it is not given, the original starts `num_steps` tasks' seeds further. */
function samplingSeed(run: RunConfig): number {
	return run.task_config.sampling_seed ?? seedOf(run, "pretrain_seed") * run.num_steps;
}
