import { createEngine, type Engine, type EngineOptions } from "../runtime/index.js";
import { CheckpointStore, runFolder } from "./checkpoint-store.js";
import { reject } from "./errors.js";
import type { Objective } from "./objectives/index.js";
import { OPTIMIZERS, type OptimizerSettings } from "./optimizers/index.js";
import { RunLog } from "./run-log.js";
import type { Schedule } from "./schedule.js";
import type { Storage } from "./storage.js";
import { type Feeds, Trainer } from "./trainer.js";
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

export interface RunOptions {
	/** Where checkpoints and logs go; all are written, the first that has a file is read. */
	readonly storages: readonly Storage[];
	/** Folder below `checkpoints/`, for a sweep's run `runNames(given).projectDir`; "" is that folder itself. */
	readonly projectDir: string;
	/** Go on from the last checkpoint where there is one (default); `false` refuses a folder that has any. */
	readonly resume?: boolean;
	/** Stops between two updates, after saving a checkpoint; the run then rejects with the signal's reason. */
	readonly signal?: AbortSignal;
	/** Called after each update; a promise is waited for. */
	readonly onStep?: (report: StepReport) => void | Promise<void>;
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

/** What is measured at some steps, beside the loss. */
export interface Measurement {
	readonly steps: ReadonlySet<number>;
	at(
		step: number,
		weights: TrainingState["weights"],
		engine: Engine,
	): Promise<Readonly<Record<string, number>>>;
}

/** What a run draws and measures, made only where there are steps to do. */
export interface RunParts {
	/** The batch of a step, from the step's own seed, so that a resumed run draws the same. */
	draw(step: number): Feeds;
	readonly measurement?: Measurement;
}

/** A run of any objective, worked out from its configuration. */
export interface RunPlan<C> {
	readonly objective: Objective<C>;
	readonly config: C;
	/** Sequences of a batch, and the length of one in what the objective counts. */
	readonly batch: number;
	readonly length: number;
	/** Updates of the whole run. */
	readonly steps: number;
	/** Of the initial weights. */
	readonly seed: number;
	readonly optimizer: OptimizerSettings & { readonly optimizer_type: string };
	readonly rate: Schedule;
	/** Steps after which a checkpoint is saved. */
	readonly checkpoints: ReadonlySet<number>;
	/** The settings that decide the numbers of the run: a checkpoint of others must not be gone on from. */
	readonly settings: object;
	begin(): RunParts;
}

/**
 * Does a run, or goes on where it was stopped. On the same CPU, runtime and thread count a run that was stopped
 * anywhere and resumed ends with the same bits. "At step s" is after s + 1 updates.
 * @throws {TrainError} for settings that cannot run, checkpoints that do not fit, and a loss that is no number:
 * the run then stops, and its last checkpoint is the last good one.
 */
export async function doRun<C>(plan: RunPlan<C>, options: RunOptions): Promise<TrainResult> {
	const { objective, config, settings, steps } = plan;
	const { storages, projectDir, resume = true } = options;
	const where = projectDir || "run";
	const store = new CheckpointStore(storages, projectDir);
	const { optimizer_type: type } = plan.optimizer;
	const optimizer =
		OPTIMIZERS.find(({ name }) => name === type) ??
		reject(
			"optimizer_config",
			`optimizer_type ${type}, allowed ${OPTIMIZERS.map(({ name }) => name).join(", ")}`,
		);
	const last = (await store.steps()).at(-1);
	if (last !== undefined && !resume) {
		reject(where, `has checkpoints up to step ${last}; resume it, or choose another folder`);
	}
	const start: TrainingState =
		last === undefined
			? { step: -1, weights: objective.initialWeights(config, plan.seed), state: new Map() }
			: await decodeTraining(await store.load(last), objective, config, optimizer, settings);
	if (start.step >= steps - 1) return { step: start.step, weights: start.weights };

	// one session does nearly all the work, so its threads need not sleep between kernels
	const engine = options.engine ?? (await createEngine({ spin: true, ...options.engineOptions }));
	try {
		const { batch, length } = plan;
		const trainer = await Trainer.create({
			objective,
			config,
			batch,
			length,
			optimizer,
			settings: plan.optimizer,
			weights: start.weights,
			state: start.state,
			engine,
		});
		const save = async (step: number): Promise<void> => {
			const at = { step, weights: await trainer.weights(), state: await trainer.state() };
			for (const [name, { data }] of at.weights) {
				if (!data.every(Number.isFinite)) reject(where, `"${name}" is not finite after step ${step}`);
			}
			await store.save(step, encodeTraining(objective, config, at, settings));
		};
		try {
			await update(plan, options, start.step, engine, trainer, save);
			return { step: steps - 1, weights: await trainer.weights() };
		} finally {
			await trainer.dispose();
		}
	} finally {
		if (!options.engine) await engine.dispose();
	}
}

/** The updates after step `done`: each draws, updates, then measures and saves where its step says so. */
async function update<C>(
	plan: RunPlan<C>,
	options: RunOptions,
	done: number,
	engine: Engine,
	trainer: Trainer,
	save: (step: number) => Promise<void>,
): Promise<void> {
	const { steps, rate } = plan;
	const { storages, projectDir, signal, lossEvery = 100 } = options;
	const { draw, measurement } = plan.begin();
	const losses = await RunLog.open(storages, `${runFolder(projectDir)}/loss`, done);
	const metrics = await RunLog.open(storages, `${runFolder(projectDir)}/metrics`, done);
	const flush = async (): Promise<void> => {
		await losses.flush();
		await metrics.flush();
	};

	let saved = done;
	let batch = draw(done + 1);
	for (let step = done + 1; step < steps; step++) {
		if (signal?.aborted) {
			await flush();
			if (saved < step - 1) await save(step - 1);
			signal.throwIfAborted();
		}
		const lr = rate(step);
		const updated = trainer.step(batch, step, lr);
		// the engine computes in its own thread meanwhile
		if (step + 1 < steps) batch = draw(step + 1);
		const loss = await updated;
		if (!Number.isFinite(loss)) {
			await flush();
			const kept = saved < 0 ? "there is no checkpoint yet" : `the last good checkpoint is step ${saved}`;
			reject(projectDir || "run", `the loss is ${loss} at step ${step}; ${kept}`);
		}
		if (step % lossEvery === 0 && step > 0) losses.add({ step, lr, loss });
		if (measurement?.steps.has(step)) {
			metrics.add({ step, lr, loss, ...(await measurement.at(step, await trainer.weights(), engine)) });
			await flush();
		}
		if (plan.checkpoints.has(step)) {
			// the logs first: a run that goes on from here must find its rows up to here
			await flush();
			await save(step);
			saved = step;
		}
		await options.onStep?.({ step, loss, lr });
	}
}
