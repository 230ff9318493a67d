import { NumpyRandom, TorchRandom } from "../../random/index.js";
import type { Tensor } from "../../tensor/index.js";
import { TaskError } from "../samples.js";
import type { Baseline } from "./baseline.js";
import { batchShape, checkShape } from "./check.js";
import { dmmse } from "./dmmse.js";
import { SquaredErrors } from "./estimate.js";
import { GROUPS, type Group, type MetricKeys, named } from "./metric-keys.js";
import { ridge } from "./ridge.js";
import { RegressionSequences } from "./sequences.js";
import { gaussianTasks, type TaskDistribution } from "./task-distribution.js";

/** Inputs [batch, example, task_size] and targets [batch, example, 1]. */
export interface EvaluationBatch {
	readonly xs: Tensor;
	readonly ys: Tensor;
	/** The task of each sequence [batch, task_size], where it is known: in batches that were drawn. */
	readonly ws?: Tensor;
}

/** A model as the evaluator sees it: predictions [batch, example, 1] of ys from xs and the ys before. */
export type Predict = (xs: Tensor, ys: Tensor) => Tensor | Promise<Tensor>;

export interface EvaluatorOptions {
	/** The pre-training tasks, which dMMSE knows. */
	readonly prior: TaskDistribution;
	/** Variance of the noise in the targets, which both baselines know. Above 0. */
	readonly noiseVariance: number;
}

export interface DrawOptions extends EvaluatorOptions {
	/** Examples of a sequence. */
	readonly numExamples: number;
	/** Sequences of each batch. Default 2048. */
	readonly batchSize?: number;
	/** Seed, or a stream to go on with. Default 2, as in the published runs. */
	readonly source?: number | TorchRandom;
}

export interface MetricOptions {
	/** Default "early". */
	readonly keys?: MetricKeys;
	/** Seed of numpy's stream for the lengths of the subsequence metric. Default 0; at training step s the original has sampling seed + s. */
	readonly subsequenceSeed?: number;
}

/** Metrics by name, and the standard error of each over the sequences of its batch. */
export interface Evaluation {
	readonly metrics: Readonly<Record<string, number>>;
	/** NaN in batches of one sequence. */
	readonly standardErrors: Readonly<Record<string, number>>;
}

/** The predictions of both baselines for a batch. */
export interface Baselines {
	readonly ridge: Baseline;
	/** Ridge where there is no table of tasks: it is the optimum there. */
	readonly dmmse: Baseline;
}

/**
 * Holds a model's predictions against the targets and against the two optimal predictors, on tasks of the
 * pre-training distribution (`pretrain`) and on Gaussian ones (`true`), as Raventos et al. 2023 do. It knows
 * nothing of how predictions are made.
 */
export class Evaluator {
	private readonly known = new Map<Group, Baselines>();

	/** @throws {TaskError} for batches whose shapes do not fit each other or the tasks. */
	constructor(
		private readonly options: EvaluatorOptions,
		readonly batches: Readonly<Record<Group, EvaluationBatch>>,
	) {
		for (const group of GROUPS) {
			const { taskSize } = batchShape(`evaluator: ${group}`, batches[group].xs, batches[group].ys);
			if (taskSize !== options.prior.taskSize) {
				throw new TaskError(
					`evaluator: ${group}: task size ${taskSize}, but the tasks have ${options.prior.taskSize}`,
				);
			}
		}
	}

	/** An evaluator on fresh batches: the pre-training one is drawn first, the Gaussian one after it. */
	static draw(options: DrawOptions): Evaluator {
		const { prior, noiseVariance, numExamples, batchSize = 2048, source = 2 } = options;
		const random = typeof source === "number" ? new TorchRandom(source) : source;
		const draw = (tasks: TaskDistribution): EvaluationBatch =>
			new RegressionSequences(tasks, noiseVariance).getBatch(numExamples, batchSize, random);
		const pretrain = draw(prior);
		return new Evaluator(options, { pretrain, true: draw(gaussianTasks(prior.taskSize)) });
	}

	/** The baselines' predictions; computed when first asked for, and kept. */
	baselines(group: Group): Baselines {
		const known = this.known.get(group);
		if (known) return known;
		const { prior, noiseVariance } = this.options;
		const data = { ...this.batches[group], noiseVariance };
		const optimum = ridge(data);
		const baselines = {
			ridge: optimum,
			dmmse: prior.tasks ? dmmse({ ...data, tasks: prior.tasks }) : optimum,
		};
		this.known.set(group, baselines);
		return baselines;
	}

	/** Runs a model on both batches and measures its predictions. @throws {TaskError} for predictions of another shape. */
	async evaluate(predict: Predict, options: MetricOptions = {}): Promise<Evaluation> {
		const { pretrain, true: truth } = this.batches;
		return this.metrics(
			{
				pretrain: await predict(pretrain.xs, pretrain.ys),
				true: await predict(truth.xs, truth.ys),
			},
			options,
		);
	}

	/**
	 * Measures given predictions [batch, example, 1]: mean squared differences from the targets and from each
	 * baseline, over all and for each example.
	 * @throws {TaskError} for predictions of another shape.
	 */
	metrics(predictions: Readonly<Record<Group, Tensor>>, options: MetricOptions = {}): Evaluation {
		const { keys = "early", subsequenceSeed = 0 } = options;
		const lengths = new NumpyRandom(subsequenceSeed);
		const metrics: Record<string, number> = {};
		const standardErrors: Record<string, number> = {};
		for (const group of GROUPS) {
			const { ys } = this.batches[group];
			const predicted = predictions[group];
			checkShape(`evaluator: ${group} predictions`, predicted, ys.shape);
			const [batch, examples] = ys.shape as [number, number, number];
			const baselines = this.baselines(group);
			const mse = squaredErrors(predicted, ys);
			const measured = {
				mse,
				deltaDmmse: squaredErrors(predicted, baselines.dmmse.predictions),
				deltaRidge: squaredErrors(predicted, baselines.ridge.predictions),
				// one length from 1 to all for each sequence, the Gaussian batch after the other
				subsequence: mse.subsequences(lengths.integers(batch, 1, examples + 1)),
			};
			for (const [name, { mean, standardError }] of named(group, measured, keys)) {
				metrics[name] = mean;
				standardErrors[name] = standardError;
			}
		}
		return { metrics, standardErrors };
	}
}

function squaredErrors(a: Tensor, b: Tensor): SquaredErrors {
	const squares = new Float64Array(a.size);
	for (let i = 0; i < squares.length; i++) squares[i] = (Number(a.data[i]) - Number(b.data[i])) ** 2;
	return new SquaredErrors(squares, a.shape[1] as number);
}
