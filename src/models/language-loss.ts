import { input, logSoftmax, mean, neg, reshape, slice, takeAlong } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { TorchRandom } from "../random/index.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import { type Dimensions, type Family, ModelError } from "./family.js";
import { FEEDS, traceModel } from "./trace-model.js";

/** A language model's architecture, without weights. */
export interface LanguageModel {
	readonly family: Family;
	readonly config: Dimensions;
}

/**
 * Mean cross-entropy, in nats, of each next token: -log softmax(logits[t])[token[t + 1]] over batch and the
 * first length - 1 positions, as a graph of concrete extents. Fed are "tokens" int32 [batch, length] and
 * "positions" int32 [length].
 * @throws {ModelError} for sequences that do not fit the context, or have no next token
 */
export function languageLoss({ family, config }: LanguageModel, batch: number, length: number): Value {
	if (!Number.isInteger(length) || length < 2 || length > config.nCtx) {
		throw new ModelError(`training on ${length} tokens, allowed 2..${config.nCtx}, the model's context`);
	}
	const { output } = traceModel(family, config, { padded: false, batch, pos: length });
	const tokens = input(FEEDS.tokens, "int32", [batch, length]);
	const rows = batch * (length - 1);
	// rows of one matrix: to choose along its last axis is then a plain gather
	const logits = reshape(slice(output, 1, 0, length - 1), [rows, config.vocab]);
	const next = reshape(slice(tokens, 1, 1, length), [rows, 1]);
	return neg(mean(takeAlong(logSoftmax(logits), next, 1), [0, 1], { keepDims: false }));
}

/** GPT-2's standard deviation of initial weights (Radford et al. 2019), which Llama models start with too. */
const INITIAL_STD = 0.02;

/** Names of biases in Hugging Face's files and in TransformerLens'. */
const BIAS = /\.(bias|b|b_\w+)$/;

/**
 * Weights to start training with: matrices normal with the family's standard deviation, norms that multiply by 1,
 * biases 0, drawn from torch's stream in the order of the family's weights.
 */
export function initialLanguageWeights(
	{ family, config }: LanguageModel,
	seed: number,
): Map<string, Tensor<"float32">> {
	const random = new TorchRandom(seed);
	const gain = family.initialGain?.(config) ?? 1;
	return new Map(
		family.weights(config).map(({ name, shape }) => {
			if (BIAS.test(name)) return [name, Tensor.zeros(shape)];
			if (shape.length === 1) return [name, Tensor.full(shape, gain)];
			const std = INITIAL_STD * (family.initialFactor?.(config, name) ?? 1);
			return [name, new Tensor("float32", shape, random.normal(sizeOf(shape), 0, std))];
		}),
	);
}
