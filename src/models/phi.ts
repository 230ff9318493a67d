import * as z from "zod/mini";
import { activation, count, namedSizes, positive, readSizes, share, sizeKeys } from "./config-schema.js";
import { gptDefaults, partialRopeKeys, readPartialRope } from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

/** Phi-1, Phi-1.5 and Phi-2 (Gunasekar et al. 2023). */
export const phi = gptLike({
	name: "phi",
	doc: "Phi-1 to Phi-2: LayerNorm, partial rotary positions, attention and MLP parallel behind one norm, biases",
	keys: {
		...sizeKeys,
		...partialRopeKeys,
		num_key_value_heads: z.nullish(count),
		layer_norm_eps: z._default(positive, 1e-5),
		hidden_act: z._default(activation, "gelu_new"),
		tie_word_embeddings: z._default(z.boolean(), false),
		partial_rotary_factor: z._default(share, 0.5),
		qk_layernorm: z._default(z.literal(false), false),
		/** There is no RMSNorm, but some configurations have it. */
		rms_norm_eps: z.optional(z.unknown()),
	},
	read: (c) => {
		const sizes = readSizes("phi", { ...namedSizes(c), kvHeads: c.num_key_value_heads });
		const usual = { theta: 10000, part: c.partial_rotary_factor };
		return {
			...gptDefaults(sizes),
			eps: c.layer_norm_eps,
			activation: c.hidden_act,
			tied: c.tie_word_embeddings,
			unembedBias: true,
			rope: readPartialRope("phi", c, sizes, usual),
			parallel: true,
		};
	},
	modules: {
		prefix: "model.",
		embedding: "embed_tokens",
		blocks: "layers",
		ln1: "input_layernorm",
		q: "self_attn.q_proj",
		k: "self_attn.k_proj",
		v: "self_attn.v_proj",
		o: "self_attn.dense",
		up: "mlp.fc1",
		down: "mlp.fc2",
		finalNorm: "final_layernorm",
		unembedding: "lm_head",
	},
	gguf: {
		architecture: "phi2",
		config: ({ at }) => ({ num_key_value_heads: at("attention.head_count_kv") }),
	},
});
