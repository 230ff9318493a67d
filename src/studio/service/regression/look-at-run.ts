import { type RunOptions, Tensor } from "headscope";
import { dmmse, type RegressionModel, type RegressionSequences, ridge } from "headscope/icl";
import type { MethodContext } from "../method.js";
import type { Probe } from "../methods/regression-params.js";
import { type Refused, withFitting } from "../refused.js";
import { type ProbeBatch, probeBatch } from "./probe-batch.js";

/** A run, a checkpoint of it, what is changed, and the sequences. */
export interface RunRequest {
	readonly run: string;
	readonly step?: number | undefined;
	readonly interventions: readonly unknown[];
	readonly probe: Probe;
}

/** What a run makes of sequences, and what the optimal predictors do. */
export interface RegressionLook extends ProbeBatch {
	/** "M=64" */
	readonly run: string;
	/** Of the checkpoint. */
	readonly step: number;
	readonly clean: RegressionSide;
	/** Absent where there are no interventions. */
	readonly changed?: RegressionSide;
	/** Interventions that were left out. */
	readonly refused: readonly Refused[];
	/** Predictions of the optimal predictor for Gaussian tasks: float32 [sample, example, 1]. */
	readonly ridge: Tensor<"float32">;
	/** Of the one that knows the run's tasks; ridge where there is no table of them. */
	readonly dmmse: Tensor<"float32">;
}

/** The run as it is, or as it is changed. */
export interface RegressionSide {
	/** Of y_k, made at x_k: float32 [sample, example, 1]. */
	readonly predictions: Tensor<"float32">;
	/** float32 [sample, layer, head, query, key] */
	readonly pattern: Tensor<"float32">;
}

/** @throws {Error} for a run, step or probe that there is not */
export async function lookAtRun(
	{ ahead = false, ...given }: RunRequest & { readonly ahead?: boolean | undefined },
	{ state, signal }: MethodContext<never>,
): Promise<RegressionLook> {
	const { run } = await state.runs.at(given.run, given.step);
	const { xs, ys } = probeBatch(run, given.probe);
	// before metrics and activations that wait
	const urgent = !ahead;
	const clean = await sideOf(run.model, { xs, ys }, { urgent });
	signal.throwIfAborted();
	const { result: changed, refused } = await withFitting(given.interventions, async (fitting) =>
		fitting.length > 0 ? sideOf(run.model, { xs, ys }, { urgent, interventions: fitting }) : undefined,
	);
	return {
		...{ run: given.run, step: run.step, xs, ys, clean },
		...(changed && { changed }),
		refused,
		...optimaFor(run.pretrainDist, given.probe, { xs, ys }),
	};
}

type Optima = Pick<RegressionLook, "ridge" | "dmmse">;
/** Of each run the last probe's, which stay the same from checkpoint to checkpoint. */
const known = new WeakMap<RegressionSequences, { readonly key: string; readonly optima: Optima }>();

function optimaFor(sequences: RegressionSequences, probe: Probe, { xs, ys }: ProbeBatch): Optima {
	const key = JSON.stringify(probe);
	const before = known.get(sequences);
	const optima = before?.key === key ? before.optima : optimaOf(sequences, { xs, ys });
	known.set(sequences, { key, optima });
	// copies: what the page is given is moved to it
	return { ridge: copy(optima.ridge), dmmse: copy(optima.dmmse) };
}

function optimaOf({ prior, noiseVariance }: RegressionSequences, { xs, ys }: ProbeBatch): Optima {
	const optimum = ridge({ xs, ys, noiseVariance }).predictions;
	const { tasks } = prior;
	return { ridge: optimum, dmmse: tasks ? dmmse({ xs, ys, noiseVariance, tasks }).predictions : optimum };
}

function copy({ dtype, shape, data }: Tensor<"float32">): Tensor<"float32"> {
	return new Tensor(dtype, shape, data.slice());
}

async function sideOf(
	model: RegressionModel,
	{ xs, ys }: ProbeBatch,
	options: Pick<RunOptions, "urgent" | "interventions">,
): Promise<RegressionSide> {
	const { nLayers, nHeads } = model.config;
	const names = Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn.hook_pattern`);
	const { predictions, cache } = await model.runWithCache(xs, ys, {
		names,
		...options,
	});
	const [samples = 0, examples = 0] = xs.shape;
	const size = 2 * examples;
	const block = nHeads * size * size;
	const pattern = new Float32Array(samples * nLayers * block);
	for (const [layer, name] of names.entries()) {
		const { data } = cache.get(name) as Tensor<"float32">; // [sample, head, query, key]
		for (let s = 0; s < samples; s++)
			pattern.set(data.subarray(s * block, (s + 1) * block), (s * nLayers + layer) * block);
	}
	return { predictions, pattern: new Tensor("float32", [samples, nLayers, nHeads, size, size], pattern) };
}
