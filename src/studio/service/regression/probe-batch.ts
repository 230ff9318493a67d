import { Tensor } from "headscope";
import type { Run } from "headscope/icl";
import { basisBatch, TorchRandom } from "headscope/icl";
import type { Probe } from "../methods/regression-params.js";

/** Sequences of examples. */
export interface ProbeBatch {
	/** [sample, example, task_size] */
	readonly xs: Tensor<"float32">;
	/** [sample, example, 1] */
	readonly ys: Tensor<"float32">;
}

/**
 * The sequences that a probe stands for.
 * @throws {Error} for edited numbers of another shape than the run's, and for inputs along the axes of a run without a table
 * of tasks
 */
export function probeBatch(run: Run, probe: Probe): ProbeBatch {
	const { taskSize, maxExamples } = run.model.config;
	if (probe.kind === "edited") return editedBatch(probe, taskSize, maxExamples);
	const random = new TorchRandom(probe.seed);
	if (probe.kind === "random") {
		const sequences = probe.tasks === "pretrain" ? run.pretrainDist : run.trueDist;
		return sequences.getBatch(maxExamples, probe.count, random);
	}
	const { prior, noiseVariance } = run.pretrainDist;
	if (!prior.tasks)
		throw new Error("probe: inputs along the axes need a table of tasks, which this run has not");
	return basisBatch(prior.tasks.select(0), maxExamples, Math.sqrt(noiseVariance), random);
}

function editedBatch(
	{ xs, ys }: Extract<Probe, { kind: "edited" }>,
	taskSize: number,
	maxExamples: number,
): ProbeBatch {
	const odd = xs.find((row) => row.length !== taskSize);
	if (odd) throw new Error(`probe: an x of ${odd.length} numbers, allowed ${taskSize}`);
	if (xs.length !== ys.length || xs.length > maxExamples)
		throw new Error(
			`probe: ${xs.length} x and ${ys.length} y, allowed as many of each and up to ${maxExamples}`,
		);
	return {
		xs: new Tensor("float32", [1, xs.length, taskSize], Float32Array.from(xs.flat())),
		ys: new Tensor("float32", [1, ys.length, 1], Float32Array.from(ys)),
	};
}
