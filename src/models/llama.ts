import * as z from "zod/mini";
import { attentionBias } from "./decoder/config.js";
import { decoder } from "./decoder/decoder.js";

/** Llama (Touvron et al. 2023), its later versions and all that is published under its architecture. */
export const llama = decoder({
	name: "llama",
	doc: "Llama: RMSNorm, rotary positions (linear and llama3 scaling), gated MLP, grouped-query attention, biases",
	keys: {
		...attentionBias,
		mlp_bias: z._default(z.boolean(), false),
		/** Ours: set when the weights come from a GGUF file with a rope_freqs tensor. */
		rope_factors: z._default(z.boolean(), false),
	},
	read: (c) => ({
		qkvBias: c.attention_bias,
		outputBias: c.attention_bias,
		mlpBias: c.mlp_bias,
		ropeFactors: c.rope_factors,
	}),
	gguf: {
		architecture: "llama",
		paired: true,
		config: ({ shapeOf }) => ({
			attention_bias: shapeOf("blk.0.attn_q.bias") !== undefined,
			rope_factors: shapeOf("rope_freqs.weight") !== undefined,
		}),
	},
});
