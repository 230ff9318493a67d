import * as z from "zod/mini";
import { activation, namedSizes, positive, readSizes, share, sizeKeys } from "./config-schema.js";
import { gptDefaults, partialRopeKeys, readPartialRope } from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

/** GPT-NeoX (Black et al. 2022) and Pythia (Biderman et al. 2023). */
export const gptNeox = gptLike({
	name: "gpt_neox",
	doc: "GPT-NeoX, Pythia: LayerNorm, partial rotary positions, q/k/v fused by head; parallel or sequential residual",
	keys: {
		...sizeKeys,
		...partialRopeKeys,
		layer_norm_eps: z._default(positive, 1e-5),
		hidden_act: z._default(activation, "gelu"),
		attention_bias: z._default(z.boolean(), true),
		use_parallel_residual: z._default(z.boolean(), true),
		tie_word_embeddings: z._default(z.boolean(), false),
		rotary_pct: z._default(share, 0.25),
		rotary_emb_base: z._default(positive, 10000),
		is_decoder: z.optional(z.boolean()),
		/** Ours: "by kind" when the weights come from a GGUF file, which has all queries, all keys and all values together. */
		fused_qkv: z._default(z.enum(["by head", "by kind"]), "by head"),
	},
	read: (c) => {
		const sizes = readSizes("gpt_neox", namedSizes(c));
		const usual = { theta: c.rotary_emb_base, part: c.rotary_pct };
		return {
			...gptDefaults(sizes),
			eps: c.layer_norm_eps,
			activation: c.hidden_act,
			tied: c.tie_word_embeddings,
			qkvBias: c.attention_bias,
			outputBias: c.attention_bias,
			rope: readPartialRope("gpt_neox", c, sizes, usual),
			parallel: c.use_parallel_residual,
			fused: c.fused_qkv,
		};
	},
	modules: {
		prefix: "gpt_neox.",
		embedding: "embed_in",
		blocks: "layers",
		ln1: "input_layernorm",
		ln2: "post_attention_layernorm",
		qkv: "attention.query_key_value",
		o: "attention.dense",
		up: "mlp.dense_h_to_4h",
		down: "mlp.dense_4h_to_h",
		finalNorm: "final_layer_norm",
		unembedding: "embed_out",
	},
	gguf: {
		architecture: "gptneox",
		keys: ["use_parallel_residual"],
		config: ({ at, shapeOf }) => ({
			use_parallel_residual: at("use_parallel_residual"),
			attention_bias: shapeOf("blk.0.attn_qkv.bias") !== undefined,
			fused_qkv: "by kind",
		}),
	},
});
