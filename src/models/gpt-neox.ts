import * as z from "zod";
import { readRope, ropeKeys } from "./decoder/rope-config.js";
import {
	activation,
	gptDefaults,
	namedSizes,
	partialRopeSchema,
	readSizes,
	rotaryChannels,
	sizeKeys,
} from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

/** GPT-NeoX (Black et al. 2022) and Pythia (Biderman et al. 2023). */
export const gptNeox = gptLike({
	name: "gpt_neox",
	doc: "GPT-NeoX, Pythia: LayerNorm, partial rotary positions, q/k/v fused by head; parallel or sequential residual",
	keys: {
		...sizeKeys,
		...ropeKeys,
		rope_parameters: partialRopeSchema,
		layer_norm_eps: z.number().positive().default(1e-5),
		hidden_act: activation.default("gelu"),
		attention_bias: z.boolean().default(true),
		use_parallel_residual: z.boolean().default(true),
		tie_word_embeddings: z.boolean().default(false),
		rotary_pct: z.number().positive().max(1).default(0.25),
		rotary_emb_base: z.number().positive().default(10000),
		is_decoder: z.boolean().optional(),
		/** Ours: "by kind" when the weights come from a GGUF file, which has all queries, all keys and all values together. */
		fused_qkv: z.enum(["by head", "by kind"]).default("by head"),
	},
	read: (c) => {
		const sizes = readSizes("gpt_neox", namedSizes(c));
		const factor = c.rope_parameters?.partial_rotary_factor ?? c.rotary_pct;
		const rope = readRope("gpt_neox", c.rope_parameters ?? c.rope_scaling, {
			theta: c.rope_theta ?? c.rotary_emb_base,
			dim: rotaryChannels("gpt_neox", Math.floor(sizes.dHead * factor), sizes),
			context: sizes.nCtx,
		});
		return {
			...gptDefaults(sizes),
			eps: c.layer_norm_eps,
			activation: c.hidden_act,
			tied: c.tie_word_embeddings,
			qkvBias: c.attention_bias,
			outputBias: c.attention_bias,
			rope,
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
