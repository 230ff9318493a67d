import { RegressionModel, regressionConfig } from "../models/regression/index.js";
import { createEngine, type Engine, type EngineOptions } from "../runtime/index.js";
import type {
	Evaluation,
	Evaluator,
	MetricOptions,
	Predict,
	RegressionSequences,
} from "../tasks/regression/index.js";
import type { CheckpointFile } from "../train/checkpoint-store.js";
import { reject } from "../train/errors.js";
import type { RunConfig } from "../train/run-config.js";
import { type RunData, runData, runEvaluator } from "../train/run-data.js";
import type { RunNames } from "../train/run-name.js";
import type { SweepRun } from "../train/sweep.js";
import { readState } from "./read-state.js";

/** What a run is, before anything of it was trained; every run of a sweep is one. */
export type RunDescription = Pick<SweepRun, "given" | "config" | "names">;

/** Where a run's checkpoints are read from: a `CheckpointStore`, or one file. */
export interface CheckpointSource {
	/** Ascending. */
	steps(): Promise<number[]>;
	load(step: number): Promise<CheckpointFile>;
}

export interface OpenRunOptions {
	/** Which checkpoint. Default the last one. */
	readonly step?: number;
	/** An engine to use and leave running; by default the run starts one and ends it with its last checkpoint. */
	readonly engine?: Engine;
	/** Options of that engine. */
	readonly engineOptions?: EngineOptions;
}

/** What a run's checkpoints have in common, and how many of them are open. */
interface Shared {
	readonly data: RunData;
	readonly engine: Engine;
	readonly owned: boolean;
	evaluator: Evaluator | undefined;
	open: number;
}

/**
 * A trained run at one of its checkpoints: the model, the tasks it was trained on and its evaluator. Tasks and
 * evaluation batches are made anew from the run's seeds, only weights are read.
 */
export class Run implements AsyncDisposable {
	private disposed = false;

	private constructor(
		private readonly description: RunDescription,
		private readonly checkpoints: CheckpointSource,
		private readonly shared: Shared,
		/** Of the checkpoint: it was saved after `step + 1` updates. */
		readonly step: number,
		/** With the checkpoint's weights. */
		readonly model: RegressionModel,
	) {
		shared.open++;
	}

	/**
	 * Opens a run at a checkpoint.
	 * @throws {TrainError} where there is none, and where the file is damaged or of another model
	 */
	static async open(
		description: RunDescription,
		checkpoints: CheckpointSource,
		options: OpenRunOptions = {},
	): Promise<Run> {
		const step = options.step ?? (await checkpoints.steps()).at(-1);
		if (step === undefined) reject(description.names.current, "has no checkpoints");
		const data = runData(description.config);
		const engine = options.engine ?? (await createEngine(options.engineOptions));
		const shared = { data, engine, owned: !options.engine, evaluator: undefined, open: 0 };
		try {
			return await Run.at(description, checkpoints, shared, step);
		} catch (error) {
			if (shared.owned) await engine.dispose();
			throw error;
		}
	}

	private static async at(
		description: RunDescription,
		checkpoints: CheckpointSource,
		shared: Shared,
		step: number,
	): Promise<Run> {
		const file = await checkpoints.load(step);
		const config = regressionConfig(description.config.task_config);
		const { engine } = shared;
		const model = await RegressionModel.fromStateDict(config, await readState(file), {
			engine,
			name: file.where,
		});
		return new Run(description, checkpoints, shared, step, model);
	}

	/** The run's name in the current spelling. */
	get name(): string {
		return this.names.current;
	}

	/** Both spellings of its name, and its folder. */
	get names(): RunNames {
		return this.description.names;
	}

	/** Its settings, defaults included. */
	get config(): RunConfig {
		return this.description.config;
	}

	/** The sequences it was trained on; `pretrainDist.prior.tasks` [task, task_size] are its tasks. */
	get pretrainDist(): RegressionSequences {
		return this.shared.data.pretrain;
	}

	/** Sequences with a fresh Gaussian task each. */
	get trueDist(): RegressionSequences {
		return this.shared.data.true;
	}

	/** The run's evaluator, made when first asked for; of many tasks dMMSE takes seconds. */
	async evaluator(): Promise<Evaluator> {
		this.shared.evaluator ??= runEvaluator(this.config, this.shared.data);
		return this.shared.evaluator;
	}

	/** Evaluates this checkpoint, or another predictor in its place: a changed model, another run's. */
	async evaluate(
		predictor: Predict | Pick<RegressionModel, "predict"> = this.model,
		options: MetricOptions = {},
	): Promise<Evaluation> {
		const predict: Predict =
			typeof predictor === "function" ? predictor : (xs, ys) => predictor.predict(xs, ys);
		return (await this.evaluator()).evaluate(predict, options);
	}

	/** The steps of the checkpoints that there are, ascending. */
	steps(): Promise<number[]> {
		return this.checkpoints.steps();
	}

	/**
	 * The same run at another checkpoint, with the same engine, tasks and evaluator. To be disposed of by itself.
	 * @throws {TrainError} where there is no such checkpoint; lists those that there are
	 */
	at(step: number): Promise<Run> {
		if (this.disposed) reject(this.name, "was disposed of");
		return Run.at(this.description, this.checkpoints, this.shared, step);
	}

	/** Frees the weights; the last open checkpoint of the run ends the engine, where the run started it. */
	async dispose(): Promise<void> {
		if (this.disposed) return;
		this.disposed = true;
		await this.model.dispose();
		if (--this.shared.open === 0 && this.shared.owned) await this.shared.engine.dispose();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}
}
