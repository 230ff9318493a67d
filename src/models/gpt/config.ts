import * as z from "zod";
import { ACTIVATIONS } from "../../nn/activation.js";
import type { RopeConfig } from "../../nn/rope.js";
import { count, layerCount } from "../config-schema.js";
import { ropeSchema } from "../decoder/rope-config.js";
import { type Dimensions, ModelError } from "../family.js";

/** A decoder with LayerNorm and an MLP of two matrices: what differs between its architectures. */
export interface GptConfig extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	/** The unembedding is the embedding. */
	readonly tied: boolean;
	/** Biases of q, k and v, of the heads' output, of the MLP's two matrices, and of the logits. */
	readonly qkvBias: boolean;
	readonly outputBias: boolean;
	readonly mlpBias: boolean;
	readonly unembedBias: boolean;
	/** Factor on q k^T. */
	readonly scale: number;
	/** Rotary positions; undefined where positions are learned. */
	readonly rope?: RopeConfig | undefined;
	/** Rows of the table of learned positions that come before that of the first position. */
	readonly positionOffset: number;
	/** How many keys a query of each layer sees, its own included; undefined for all. */
	readonly windows: readonly (number | undefined)[];
	/** Attention and MLP read the same stream and are added to it together. */
	readonly parallel: boolean;
	/** How q, k and v share a matrix where they do: each head's three after each other, or all queries first. */
	readonly fused?: "by head" | "by kind" | undefined;
}

/** Activation functions by their names in configurations. */
export const activation = z.enum(Object.keys(ACTIVATIONS) as [string, ...string[]]);

/** Keys of config.json under the names that GPT-NeoX and its successors have. */
export const sizeKeys = {
	hidden_size: count,
	intermediate_size: count,
	num_hidden_layers: layerCount,
	num_attention_heads: count,
	vocab_size: count,
	max_position_embeddings: count.default(2048),
};

/** `rope_parameters` and `rope_scaling` where a part of each head's channels turns. */
export const partialRopeSchema = ropeSchema
	.unwrap()
	.unwrap()
	.extend({ partial_rotary_factor: z.number().positive().max(1).optional() })
	.nullish();

/** What `readSizes` reads, under one name for all. */
export interface Sizes {
	readonly layers: number;
	readonly heads: number;
	readonly kvHeads?: number | null | undefined;
	readonly width: number;
	readonly mlp?: number | null | undefined;
	readonly vocab: number;
	readonly context: number;
}

/** The sizes that `sizeKeys` read. */
export function namedSizes(c: z.output<z.ZodObject<typeof sizeKeys>>): Sizes {
	return {
		layers: c.num_hidden_layers,
		heads: c.num_attention_heads,
		width: c.hidden_size,
		mlp: c.intermediate_size,
		vocab: c.vocab_size,
		context: c.max_position_embeddings,
	};
}

/** The sizes in a configuration; an MLP of no stated width is four times as wide as the stream. @throws {ModelError} for heads that do not fit */
export function readSizes(
	family: string,
	{ layers, heads, kvHeads, width, mlp, vocab, context }: Sizes,
): Dimensions {
	if (width % heads !== 0) {
		throw new ModelError(`config.json (${family}): ${width} channels are not a multiple of ${heads} heads`);
	}
	const nKvHeads = kvHeads ?? heads;
	if (heads % nKvHeads !== 0) {
		throw new ModelError(
			`config.json (${family}): ${heads} heads are not a multiple of ${nKvHeads} kv heads`,
		);
	}
	return {
		nLayers: layers,
		nHeads: heads,
		nKvHeads,
		dModel: width,
		dHead: width / heads,
		dMlp: mlp ?? 4 * width,
		vocab,
		nCtx: context,
	};
}

/** Channels of each head that turn. @throws {ModelError} for a number that makes no pairs of a head's channels */
export function rotaryChannels(family: string, dim: number, { dHead }: Dimensions): number {
	if (dim >= 2 && dim <= dHead && dim % 2 === 0) return dim;
	throw new ModelError(
		`config.json (${family}): ${dim} of ${dHead} channels are to be rotated, allowed even numbers from 2 to ${dHead}`,
	);
}

/** What is so unless an architecture says otherwise. */
export function gptDefaults(sizes: Dimensions): Omit<GptConfig, "eps" | "activation"> {
	return {
		...sizes,
		tied: false,
		qkvBias: true,
		outputBias: true,
		mlpBias: true,
		unembedBias: false,
		scale: sizes.dHead ** -0.5,
		positionOffset: 0,
		windows: [],
		parallel: false,
	};
}
