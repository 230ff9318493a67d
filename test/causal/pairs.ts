import type { Model } from "../../src/index.js";
import { type Measure, measuring } from "../../src/metrics/index.js";
import { Random, sizeOf, Tensor } from "../../src/tensor/index.js";
import { referenceJson, referenceTensors } from "../reference-data.js";

/** A pair of prompts of the reference, bound to a model: the corrupted rows, the clean ones, and both metrics. */
export interface Pair {
	readonly name: string;
	readonly measure: Measure;
	readonly clean: Tensor<"int32">;
	readonly cleanMetric: number;
	readonly corruptMetric: number;
	/** A tensor of the reference. */
	reference(key: string): Tensor;
}

interface Told {
	readonly answer: number;
	readonly wrong: number;
	readonly clean: number;
	readonly corrupted: number;
}

/** Every pair of prompts that the reference has for a model. */
export async function pairsOf(model: Model, name: string): Promise<Pair[]> {
	const told = referenceJson<Record<string, Told>>("lm", "scores", name, "patching.json");
	const tensors = new Map([
		...(await referenceTensors("lm", "scores", name, "patching.safetensors")),
		...(await referenceTensors("lm", "scores", name, "attributions.safetensors")),
	]);
	return Promise.all(
		Object.entries(told).map(async ([pair, { answer, wrong, clean, corrupted }]) => {
			const reference = (key: string): Tensor => tensors.get(`pair.${pair}.${key}`) as Tensor;
			return {
				name: pair,
				measure: await differenceOf(model, reference("corrupted_ids"), answer, wrong),
				clean: reference("clean_ids") as Tensor<"int32">,
				cleanMetric: clean,
				corruptMetric: corrupted,
				reference,
			};
		}),
	);
}

/** The logit difference of two ids at the last position of each row. */
export function differenceOf(model: Model, rows: Tensor, answers: number, wrong: number): Promise<Measure> {
	return measuring(
		model,
		{ kind: "logit-difference", answers, wrong },
		{ ids: rows.toNested() as number[][] },
	);
}

/** The last prediction of a regression model's row. */
export function lastPrediction(input: Tensor): Measure["metric"] {
	const [rows, pos] = input.shape as [number, number];
	return {
		name: "prediction",
		doc: "of the last y",
		rows,
		names: [],
		at: Array.from({ length: rows }, () => [pos - 1]),
		feeds: {},
		graph: (get, g) => g.sum(g.slice(get("logits"), 2, 0, 1), [1, 2], { keepDims: false }),
	};
}

/** Normal numbers of a seed. */
export function noise(seed: number, shape: readonly number[]): Tensor<"float32"> {
	const random = new Random(seed);
	return new Tensor(
		"float32",
		shape,
		Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
	);
}
