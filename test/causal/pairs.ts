import type { Value } from "../../src/graph/value.js";
import { type Model, Tensor } from "../../src/index.js";
import type { BoundMetric, Measure } from "../../src/metrics/metric.js";
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
	return Object.entries(told).map(([pair, { answer, wrong, clean, corrupted }]) => {
		const reference = (key: string): Tensor => tensors.get(`pair.${pair}.${key}`) as Tensor;
		const input = reference("corrupted_ids") as Tensor<"int32">;
		return {
			name: pair,
			measure: { model, input, metric: logitDifference(input, answer, wrong) },
			clean: reference("clean_ids") as Tensor<"int32">,
			cleanMetric: clean,
			corruptMetric: corrupted,
			reference,
		};
	});
}

/** logit[answer] - logit[wrong] at the last position of each row. */
export function logitDifference({ shape }: Tensor, answer: number, wrong: number): BoundMetric {
	const [rows, pos] = shape as [number, number];
	const ids = (id: number): Tensor => Tensor.full([rows, 1, 1], id, "int32");
	return {
		name: "logit-difference",
		doc: "of the last position",
		rows,
		names: [],
		at: Array.from({ length: rows }, () => [pos - 1]),
		feeds: { answer: ids(answer), wrong: ids(wrong) },
		graph: (get, g, feed): Value => {
			const logits = get("logits");
			const at = (name: string): Value =>
				g.takeAlong(logits, feed(name, [logits.dim(0), logits.dim(1), 1], "int32"), 2);
			return g.sum(g.sub(at("answer"), at("wrong")), [1, 2], { keepDims: false });
		},
	};
}
