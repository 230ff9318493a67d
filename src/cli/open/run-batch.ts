import { TorchRandom } from "../../random/index.js";
import type { Run } from "../../runs/run.js";
import { basisBatch, encodeTokens, type RegressionBatch, tokenNames } from "../../tasks/regression/index.js";
import type { Tensor } from "../../tensor/index.js";
import type { RunBatch } from "../commands/icl/run-options.js";
import { UsageError } from "../errors.js";

export interface RunSampleOptions {
	readonly batch?: RunBatch;
	readonly sample?: number;
	readonly seed?: number;
}

export interface RunSample {
	readonly input: Tensor<"float32">;
	readonly tokens: string[];
	readonly batch: RunBatch;
	readonly sample: number;
}

/** Sequences of a batch that is drawn, of which one is shown. */
const SEQUENCES = 64;

/**
 * A batch of a run: inputs along the axes, one sequence for each, with targets of the run's first task; or sequences of
 * its own tasks, or of Gaussian ones.
 * @param count of the sequences that are drawn
 * @throws {UsageError} for inputs along the axes of a run that has no table of tasks
 */
export function drawBatch(
	run: Run,
	{ batch, seed, count }: { batch: RunBatch; seed: number; count: number },
): RegressionBatch {
	const random = new TorchRandom(seed);
	const { max_examples, noise_variance } = run.config.task_config;
	if (batch !== "trick") {
		const sequences = batch === "pretrain" ? run.pretrainDist : run.trueDist;
		return sequences.getBatch(max_examples, count, random);
	}
	const { tasks } = run.pretrainDist.prior;
	if (tasks) return basisBatch(tasks.select(0), max_examples, Math.sqrt(noise_variance), random);
	throw new UsageError(
		"--batch trick: the run has no table of tasks, so no first one; allowed pretrain, true",
	);
}

/**
 * One sequence that a run's attention is shown on, as tokens [1, pos, task_size + 1] with their names. By default
 * the inputs along the axes, or of a run without a table of tasks sequences of its own.
 * @throws {UsageError}
 */
export function runSample(run: Run, options: RunSampleOptions): RunSample {
	const { sample = 0, seed = 0 } = options;
	const { batch = run.pretrainDist.prior.tasks ? "trick" : "pretrain" } = options;
	const { xs, ys } = drawBatch(run, { batch, seed, count: SEQUENCES });
	const [count] = xs.shape as [number];
	if (sample >= count) throw new UsageError(`--sample: got ${sample}, allowed 0..${count - 1} of ${batch}`);
	const input = encodeTokens(xs, ys).slice(0, sample, sample + 1);
	return { input, tokens: tokenNames(input.shape[1] as number), batch, sample };
}
