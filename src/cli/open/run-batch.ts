import { TorchRandom } from "../../random/index.js";
import type { Run } from "../../runs/run.js";
import { basisBatch, encodeTokens, tokenName } from "../../tasks/regression/index.js";
import type { Tensor } from "../../tensor/index.js";
import type { RunBatch } from "../commands/attention.js";
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

/** Sequences of a batch that is drawn. */
const SEQUENCES = 64;

/**
 * One sequence that a run's attention is shown on, as tokens [1, pos, task_size + 1] with their names. By default
 * the inputs along the axes with targets of the run's first task, or of a run without a table of tasks sequences
 * of its own.
 * @throws {UsageError}
 */
export function runSample(run: Run, options: RunSampleOptions): RunSample {
	const { sample = 0, seed = 0 } = options;
	const { max_examples, noise_variance } = run.config.task_config;
	const { tasks } = run.pretrainDist.prior;
	const { batch = tasks ? "trick" : "pretrain" } = options;
	const random = new TorchRandom(seed);
	if (batch === "trick" && !tasks) {
		throw new UsageError(
			"--batch trick: the run has no table of tasks, so no first one; allowed pretrain, true",
		);
	}
	const { xs, ys } =
		batch === "trick" && tasks
			? basisBatch(tasks.select(0), max_examples, Math.sqrt(noise_variance), random)
			: (batch === "true" ? run.trueDist : run.pretrainDist).getBatch(max_examples, SEQUENCES, random);
	const [count] = xs.shape as [number];
	if (sample >= count) throw new UsageError(`--sample: got ${sample}, allowed 0..${count - 1} of ${batch}`);
	const input = encodeTokens(xs, ys).slice(0, sample, sample + 1);
	const tokens = Array.from({ length: 2 * max_examples }, (_, p) => tokenName(p));
	return { input, tokens, batch, sample };
}
