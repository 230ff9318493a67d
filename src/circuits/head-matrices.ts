import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { headsByLayer } from "../interventions/heads.js";
import { centres } from "../models/family.js";
import type { Model } from "../models/model.js";
import { type UsualWeight, usualValue } from "../models/weight-layout.js";
import { Tensor } from "../tensor/index.js";

/** How the matrices are taken. */
export interface CircuitOptions {
	/**
	 * Use the weights as `processWeights` makes them: norms folded in, and centred where LayerNorm and softmax make
	 * means meaningless. What norms behind a matrix multiply with (`ln1_post`, `q_norm`, `k_norm`), which no matrix can
	 * take, counts too, their scales do not. Default true; false takes the matrices as they are stored.
	 */
	readonly fold?: boolean;
}

/** A head of a model. @throws {InterventionError} for one that it lacks, with the nearest */
export function findHead(model: Model, head: string): { layer: number; head: number } {
	const [[layer, [index]]] = [...headsByLayer([head], model.config, "head")] as [[number, [number]]];
	return { layer, head: index };
}

/** A model's matrices as values of the graph, made ready for products of them. */
export class HeadMatrices {
	private readonly weights: ReadonlyMap<string, UsualWeight>;
	private readonly centred: boolean;

	constructor(
		private readonly model: Model,
		private readonly fold: boolean,
		private readonly g: G,
	) {
		this.weights = model.usualWeights();
		this.centred = fold && centres(model.family, model.config);
	}

	/** W_Q, W_K or W_V of every query head of a layer: [head, d_model, d_head]. */
	reading(layer: number, which: "Q" | "K" | "V"): Value {
		const { nHeads, nKvHeads, dModel, dHead } = this.model.config;
		const at = `blocks.${layer}`;
		const folded = this.folded(this.weight(`${at}.attn.W_${which}`), `${at}.ln1`);
		const stored = this.gained(folded, `${at}.attn.${which.toLowerCase()}_norm`);
		if (which === "Q" || nHeads === nKvHeads) return stored;
		const groups = nHeads / nKvHeads;
		const grouped = this.g.expand(this.g.unsqueeze(stored, 1), [nKvHeads, groups, dModel, dHead]);
		return this.g.reshape(grouped, [nHeads, dModel, dHead]);
	}

	/** W_O of every head of a layer: [head, d_head, d_model]. */
	writing(layer: number): Value {
		const { nHeads, dHead, dModel } = this.model.config;
		const usual = this.weights.get(`blocks.${layer}.attn.W_O`);
		const matrix = usual ? usualValue(usual) : this.g.constant(sideBySide(nHeads, dHead, dModel));
		const output = this.gained(matrix, `blocks.${layer}.ln1_post`);
		return this.centred ? this.minusMean(output, -1) : output;
	}

	/** W_E [vocab, d_model]. */
	embedding(): Value {
		const embedding = this.weight("embed.W_E");
		return this.centred ? this.minusMean(embedding, -1) : embedding;
	}

	/** W_U [d_model, vocab]. */
	unembedding(): Value {
		const folded = this.folded(this.weight("unembed.W_U"), "ln_final");
		// the mean of all logits does not reach the softmax, unless they are capped; numbers that are predicted have none
		const { family, config } = this.model;
		const softmax = !family.tokenWidth && family.logitCap?.(config) === undefined;
		return this.fold && softmax ? this.minusMean(folded, -1) : folded;
	}

	/** One head of [head, a, b]: [a, b]. */
	one(heads: Value, head: number): Value {
		return this.g.reshape(this.g.slice(heads, 0, head, head + 1), heads.shape.slice(1));
	}

	/** A matrix [.., d_model, out] that reads what a norm gives. */
	private folded(matrix: Value, norm: string): Value {
		const gain = this.weights.get(`${norm}.w`);
		if (!this.fold) return matrix;
		const weighted = gain ? this.g.mul(matrix, this.g.unsqueeze(usualValue(gain), 1)) : matrix;
		return this.centred ? this.minusMean(weighted, -2) : weighted;
	}

	/** A matrix [head or kv_head, .., out] whose results a norm multiplies, with a weight for each head or for all. */
	private gained(matrix: Value, norm: string): Value {
		const gain = this.weights.get(`${norm}.w`);
		if (!this.fold || !gain) return matrix;
		const weight = usualValue(gain);
		return this.g.mul(matrix, weight.rank === 2 ? this.g.unsqueeze(weight, 1) : weight);
	}

	private minusMean(matrix: Value, axis: number): Value {
		return this.g.sub(matrix, this.g.mean(matrix, axis));
	}

	private weight(name: string): Value {
		return usualValue(this.weights.get(name) as UsualWeight);
	}
}

/** Without a W_O every head has channels of its own. */
function sideBySide(nHeads: number, dHead: number, dModel: number): Tensor<"float32"> {
	const identity = Tensor.zeros([nHeads, dHead, dModel]);
	for (let i = 0; i < nHeads * dHead; i++) identity.data[i * dModel + i] = 1;
	return identity;
}
