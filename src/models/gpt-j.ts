import * as z from "zod/mini";
import { activation, count, layerCount, positive, readSizes } from "./config-schema.js";
import { gptDefaults, rotaryChannels } from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

/** GPT-J (Wang and Komatsuzaki 2021). */
export const gptj = gptLike({
	name: "gptj",
	doc: "GPT-J: LayerNorm, rotary positions on neighbouring channels, attention and MLP parallel behind one norm",
	keys: {
		n_embd: count,
		n_layer: layerCount,
		n_head: count,
		n_positions: z._default(count, 2048),
		n_inner: z.nullish(count),
		vocab_size: count,
		rotary_dim: z._default(count, 64),
		layer_norm_epsilon: z._default(positive, 1e-5),
		activation_function: z._default(activation, "gelu_new"),
		tie_word_embeddings: z._default(z.boolean(), false),
		rotary: z._default(z.literal(true), true),
		scale_attn_weights: z._default(z.literal(true), true),
	},
	read: (c) => {
		const sizes = readSizes("gptj", {
			layers: c.n_layer,
			heads: c.n_head,
			width: c.n_embd,
			mlp: c.n_inner,
			vocab: c.vocab_size,
			context: c.n_positions,
		});
		const dim = rotaryChannels("gptj", c.rotary_dim, sizes);
		return {
			...gptDefaults(sizes),
			eps: c.layer_norm_epsilon,
			activation: c.activation_function,
			tied: c.tie_word_embeddings,
			qkvBias: false,
			outputBias: false,
			unembedBias: true,
			rope: { theta: 10000, dim, pairs: "neighbours" },
			parallel: true,
		};
	},
	modules: {
		prefix: "transformer.",
		embedding: "wte",
		blocks: "h",
		ln1: "ln_1",
		q: "attn.q_proj",
		k: "attn.k_proj",
		v: "attn.v_proj",
		o: "attn.out_proj",
		up: "mlp.fc_in",
		down: "mlp.fc_out",
		finalNorm: "ln_f",
		unembedding: "lm_head",
	},
});
