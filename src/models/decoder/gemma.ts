import * as z from "zod/mini";
import { activation, count, positive } from "../config-schema.js";
import { type Dimensions, ModelError } from "../family.js";
import { attentionBias, type DecoderConfig } from "./config.js";
import type { GgufFile } from "./gguf.js";

/** Keys that all Gemmas have, and defaults that differ from Llama's. */
export const gemmaKeys = {
	...attentionBias,
	head_dim: z._default(count, 256),
	tie_word_embeddings: z._default(z.boolean(), true),
	hidden_act: z.nullish(activation),
	hidden_activation: z.nullish(activation),
	use_bidirectional_attention: z.nullish(z.literal(false)),
	/** Of generation. */
	cache_implementation: z.optional(z.unknown()),
	/** Ours: false when the weights come from a GGUF file, which holds 1 + weight. */
	unit_offset: z._default(z.boolean(), true),
};

type GemmaKeys = z.output<z.ZodMiniObject<typeof gemmaKeys>>;

/** What all Gemmas do otherwise than Llama: the embedding is multiplied by sqrt(d_model), and norms by 1 + weight. */
export function gemmaLike(c: GemmaKeys, { dModel }: Dimensions): Partial<DecoderConfig> {
	// where the first configurations say "gelu" they mean its tanh form, which the models were trained with
	const act = !c.hidden_act || c.hidden_act === "gelu" ? "gelu_pytorch_tanh" : c.hidden_act;
	return {
		activation: c.hidden_activation ?? act,
		qkvBias: c.attention_bias,
		outputBias: c.attention_bias,
		unitOffset: c.unit_offset,
		embedScale: Math.fround(Math.sqrt(dModel)),
	};
}

/** Keys of Gemma 2 and later: the factor on scores, and caps. */
export const cappedKeys = {
	query_pre_attn_scalar: z._default(positive, 256),
	attn_logit_softcapping: z.nullish(positive),
	final_logit_softcapping: z.nullish(positive),
};

type CappedKeys = z.output<z.ZodMiniObject<typeof cappedKeys>>;

/** Gemma 2 and later: norms before and behind, scores by a factor of their own. */
export function cappedGemma(c: CappedKeys): Partial<DecoderConfig> {
	return {
		norms: "both",
		scale: c.query_pre_attn_scalar ** -0.5,
		scoreCap: c.attn_logit_softcapping ?? undefined,
		logitCap: c.final_logit_softcapping ?? undefined,
	};
}

/**
 * What scores are divided by the root of, which files do not say: llama.cpp takes the width of a head, but for the
 * largest model (told by its layers) d_model / heads.
 */
export function ggufScalar({ at }: GgufFile, layersOfLargest: number): number {
	const [width, heads] = [Number(at("embedding_length")), Number(at("attention.head_count"))];
	const scalar =
		Number(at("block_count")) === layersOfLargest ? width / heads : Number(at("attention.key_length"));
	if (scalar > 0) return scalar;
	throw new ModelError("attention.key_length is missing, which the factor on attention scores comes from");
}
