import * as z from "zod/mini";
import type { RopeConfig } from "../../nn/rope.js";
import { activation, count, namedSizes, positive, readSizes, sizeKeys } from "../config-schema.js";
import { type Dimensions, ModelError } from "../family.js";
import { ropeKeys } from "./rope-config.js";

/** A decoder with RMSNorm, rotary positions and gated MLPs: what differs between its architectures. */
export interface DecoderConfig extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	/** The unembedding is the embedding. */
	readonly tied: boolean;
	/** Biases of q, k and v, of the heads' output, and of the MLP's three matrices. */
	readonly qkvBias: boolean;
	readonly outputBias: boolean;
	readonly mlpBias: boolean;
	/** q, k and v lie in one matrix, gate and up projection in another. */
	readonly fused: boolean;
	/** Factor on q k^T. */
	readonly scale: number;
	/** Rotary positions of each layer; undefined where a layer has none. */
	readonly ropes: readonly (RopeConfig | undefined)[];
	/** The file stores divisors of the rotary frequencies (GGUF's form of Llama 3 scaling). */
	readonly ropeFactors: boolean;
	/** How many keys a query of each layer sees, its own included; undefined for all. */
	readonly windows: readonly (number | undefined)[];
	/** Where norms stand: before attention and MLP, behind them, or both. */
	readonly norms: "before" | "behind" | "both";
	/** Norms multiply by 1 + weight instead of by the weight. */
	readonly unitOffset: boolean;
	/** Norms of queries and keys: of each head, or of all heads as one vector. */
	readonly qkNorm?: "head" | "heads" | undefined;
	/** Factor on the embedding. */
	readonly embedScale: number;
	/** Scores, and logits, are capped: cap * tanh(x / cap). */
	readonly scoreCap?: number | undefined;
	readonly logitCap?: number | undefined;
}

/** Keys of config.json that all these architectures have. */
export const decoderKeys = {
	...sizeKeys,
	num_key_value_heads: z.nullish(count),
	head_dim: z.nullish(count),
	rms_norm_eps: z._default(positive, 1e-6),
	hidden_act: z._default(activation, "silu"),
	tie_word_embeddings: z._default(z.boolean(), false),
	...ropeKeys,
};

/** Of architectures that may have biases on q, k, v and the heads' output. */
export const attentionBias = { attention_bias: z._default(z.boolean(), false) };

/** What `decoderKeys` reads. */
export type DecoderKeys = z.output<z.ZodMiniObject<typeof decoderKeys>>;

/** The sizes in a configuration. @throws {ModelError} for heads that do not fit together */
export function readDimensions(family: string, c: DecoderKeys): Dimensions {
	const sizes = readSizes(family, { ...namedSizes(c), kvHeads: c.num_key_value_heads, dHead: c.head_dim });
	if (sizes.dHead % 2 === 0) return sizes;
	throw new ModelError(
		`config.json (${family}): head_dim ${sizes.dHead} is odd, but rotary positions need pairs`,
	);
}
