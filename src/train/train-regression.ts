import { initialWeights, RegressionModel, regressionConfig } from "../models/regression/index.js";
import { TorchRandom } from "../random/index.js";
import { createEngine, type Engine, type EngineOptions } from "../runtime/index.js";
import {
	Evaluator,
	type MetricKeys,
	type RegressionBatch,
	RegressionSequences,
	taskDistribution,
} from "../tasks/regression/index.js";
import { CheckpointStore } from "./checkpoint-store.js";
import { reject } from "./errors.js";
import { OPTIMIZERS, type Optimizer } from "./optimizers/index.js";
import type { RunConfig } from "./run-config.js";
import { RunLog } from "./run-log.js";
import { schedule } from "./schedule.js";
import { reachedSteps } from "./steps.js";
import type { Storage } from "./storage.js";
import { Trainer } from "./trainer.js";
import { decodeTraining, encodeTraining, type TrainingState } from "./training-checkpoint.js";

/** What a run tells after each update. */
export interface StepReport {
	/** 0-based. */
	readonly step: number;
	/** Of the batch, before the update. */
	readonly loss: number;
	/** The rate of the update. */
	readonly lr: number;
}

export interface TrainOptions {
	/** Where checkpoints and logs go; all are written, the first that has a file is read. */
	readonly storages: readonly Storage[];
	/** Folder below `checkpoints/`, usually `runNames(given).projectDir`. */
	readonly projectDir: string;
	/** Go on from the last checkpoint where there is one (default); `false` refuses a folder that has any. */
	readonly resume?: boolean;
	/** Stops between two updates, after saving a checkpoint; the run then rejects with the signal's reason. */
	readonly signal?: AbortSignal;
	/** Called after each update; a promise is waited for. */
	readonly onStep?: (report: StepReport) => void | Promise<void>;
	/** Called at each logging step. */
	readonly onMetrics?: (step: number, metrics: Readonly<Record<string, number>>) => void;
	/** Spelling of the metrics. Default "early". */
	readonly metricKeys?: MetricKeys;
	/** Batch losses are logged at multiples of this step, 0 excepted. Default 100. */
	readonly lossEvery?: number;
	/** An engine to use and leave running; by default the run starts one of its own and ends it. */
	readonly engine?: Engine;
	/** Options of that engine. */
	readonly engineOptions?: EngineOptions;
}

/** Where a run ended. */
export interface TrainResult {
	/** The last step that was done. */
	readonly step: number;
	/** The final weights, by parameter. */
	readonly weights: TrainingState["weights"];
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
	const { storages, projectDir, resume = true } = options;
	const store = new CheckpointStore(storages, projectDir);
	const config = regressionConfig(run.task_config);
	const optimizer = optimizerOf(run);
	const settings = resumedSettings(run);
	const known = await store.steps();
	if (known.length > 0 && !resume) {
		reject(projectDir, `has checkpoints up to step ${known.at(-1)}; resume it, or choose another folder`);
	}
	const last = known.at(-1);
	const start =
		last === undefined
			? {
					step: -1,
					weights: initialWeights(config, seedOf(run, "model_seed")),
					state: new Map(),
				}
			: await decodeTraining(await store.load(last), config, optimizer, settings);
	if (start.step >= run.num_steps - 1) return { step: start.step, weights: start.weights };

	// one session does nearly all the work, so its threads need not sleep between kernels
	const engine = options.engine ?? (await createEngine({ spin: true, ...options.engineOptions }));
	try {
		const trainer = await Trainer.create({
			config,
			batch: run.batch_size,
			examples: run.task_config.max_examples,
			optimizer,
			settings: run.optimizer_config,
			weights: start.weights,
			state: start.state,
			engine,
		});
		const save = async (step: number): Promise<void> => {
			const at = { step, weights: await trainer.weights(), state: await trainer.state() };
			for (const [name, { data }] of at.weights) {
				if (!data.every(Number.isFinite)) reject(projectDir, `"${name}" is not finite after step ${step}`);
			}
			await store.save(step, encodeTraining(config, at, settings));
		};
		try {
			await steps(run, options, start.step, engine, trainer, save);
			return { step: run.num_steps - 1, weights: await trainer.weights() };
		} finally {
			await trainer.dispose();
		}
	} finally {
		if (!options.engine) await engine.dispose();
	}
}

/** The updates after step `done`. */
async function steps(
	run: RunConfig,
	options: TrainOptions,
	done: number,
	engine: Engine,
	trainer: Trainer,
	save: (step: number) => Promise<void>,
): Promise<void> {
	const { storages, projectDir, signal, lossEvery = 100 } = options;
	const { task_config: task, num_steps: count } = run;
	const prior = taskDistribution(
		task.num_tasks === Number.POSITIVE_INFINITY ? "inf" : task.num_tasks,
		task.task_size,
		seedOf(run, "pretrain_seed"),
	);
	const sequences = new RegressionSequences(prior, task.noise_variance);
	const evaluator = Evaluator.draw({
		prior,
		noiseVariance: task.noise_variance,
		numExamples: task.max_examples,
		batchSize: run.eval_batch_size,
		source: seedOf(run, "true_seed"),
	});
	const seed = samplingSeed(run);
	const draw = (step: number): RegressionBatch =>
		sequences.getBatch(task.max_examples, run.batch_size, new TorchRandom(seed + step));
	const rate = schedule(run.scheduler_config);
	const checkpoints = new Set(reachedSteps(run.checkpointer_config.checkpoint_steps, count));
	const logging = new Set(reachedSteps(run.logger_config.logging_steps, count));
	const folder = `checkpoints/${projectDir}`;
	const losses = await RunLog.open(storages, `${folder}/loss`, done);
	const metrics = await RunLog.open(storages, `${folder}/metrics`, done);
	const flush = async (): Promise<void> => {
		await losses.flush();
		await metrics.flush();
	};

	let saved = done;
	let batch = draw(done + 1);
	for (let step = done + 1; step < count; step++) {
		if (signal?.aborted) {
			await flush();
			if (saved < step - 1) await save(step - 1);
			signal.throwIfAborted();
		}
		const lr = rate(step);
		const updated = trainer.step(batch, step, lr);
		// the engine computes in its own thread meanwhile
		if (step + 1 < count) batch = draw(step + 1);
		const loss = await updated;
		if (!Number.isFinite(loss)) {
			await flush();
			const kept = saved < 0 ? "there is no checkpoint yet" : `the last good checkpoint is step ${saved}`;
			reject(projectDir, `the loss is ${loss} at step ${step}; ${kept}`);
		}
		if (step % lossEvery === 0 && step > 0) losses.add({ step, lr, loss });
		if (logging.has(step)) {
			const model = await RegressionModel.fromStateDict(regressionConfig(task), await trainer.weights(), {
				engine,
			});
			const measured = await evaluator.evaluate((xs, ys) => model.predict(xs, ys), {
				keys: options.metricKeys ?? "early",
				subsequenceSeed: seed + step,
			});
			await model.dispose();
			metrics.add({ step, lr, loss, ...measured.metrics });
			options.onMetrics?.(step, measured.metrics);
			await flush();
		}
		if (checkpoints.has(step)) {
			// the logs first: a run that goes on from here must find its rows up to here
			await flush();
			await save(step);
			saved = step;
		}
		await options.onStep?.({ step, loss, lr });
	}
}

function optimizerOf({ optimizer_config: { optimizer_type } }: RunConfig): Optimizer {
	const found = OPTIMIZERS.find(({ name }) => name === optimizer_type);
	if (found) return found;
	return reject(
		"optimizer_config",
		`optimizer_type ${optimizer_type}, allowed ${OPTIMIZERS.map(({ name }) => name).join(", ")}`,
	);
}

/** The settings that decide the numbers of a run: a checkpoint of others must not be gone on from. */
function resumedSettings(run: RunConfig): object {
	const { task_config, optimizer_config, scheduler_config, num_steps, batch_size } = run;
	return { task_config, optimizer_config, scheduler_config, num_steps, batch_size };
}

type SeedKey = "model_seed" | "pretrain_seed" | "true_seed";

/** @throws {TrainError} where it is null: such a run could not be resumed. */
function seedOf(run: RunConfig, key: SeedKey): number {
	const seed = run.task_config[key];
	return seed ?? reject(`task_config.${key}`, "null, allowed whole numbers from 0: a run must be repeatable");
}

/** Step s draws with this plus s; where it is not given, the original starts `num_steps` tasks' seeds further. */
function samplingSeed(run: RunConfig): number {
	return run.task_config.sampling_seed ?? seedOf(run, "pretrain_seed") * run.num_steps;
}
