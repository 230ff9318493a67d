import * as z from "zod/mini";
import { activation, count, layerCount, readSizes } from "./config-schema.js";
import { ModelError } from "./family.js";
import { gptDefaults } from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

/** Rows of the table of positions that no position takes. */
const RESERVED_POSITIONS = 2;

/** OPT (Zhang et al. 2022). Its 350M model alone has norms behind and an embedding of another width: it is refused. */
export const opt = gptLike({
	name: "opt",
	doc: "OPT: learned positions from row 2 on, LayerNorm before attention and MLP, ReLU; not opt-350m (norms behind)",
	keys: {
		hidden_size: count,
		num_hidden_layers: layerCount,
		num_attention_heads: count,
		ffn_dim: count,
		vocab_size: count,
		max_position_embeddings: z._default(count, 2048),
		activation_function: z._default(activation, "relu"),
		tie_word_embeddings: z._default(z.boolean(), true),
		enable_bias: z._default(z.boolean(), true),
		do_layer_norm_before: z._default(z.literal(true), true),
		word_embed_proj_dim: z.nullish(count),
		layer_norm_elementwise_affine: z._default(z.literal(true), true),
		_remove_final_layer_norm: z._default(z.literal(false), false),
	},
	read: (c) => {
		const { word_embed_proj_dim: embedded, hidden_size: width } = c;
		if ((embedded ?? width) !== width) {
			throw new ModelError(
				`config.json (opt): word_embed_proj_dim ${embedded} differs from hidden_size ${width}; not supported`,
			);
		}
		const sizes = readSizes("opt", {
			layers: c.num_hidden_layers,
			heads: c.num_attention_heads,
			width,
			mlp: c.ffn_dim,
			vocab: c.vocab_size,
			context: c.max_position_embeddings,
		});
		return {
			...gptDefaults(sizes),
			eps: 1e-5,
			activation: c.activation_function,
			tied: c.tie_word_embeddings,
			qkvBias: c.enable_bias,
			outputBias: c.enable_bias,
			mlpBias: c.enable_bias,
			positionOffset: RESERVED_POSITIONS,
		};
	},
	modules: {
		prefix: "model.decoder.",
		embedding: "embed_tokens",
		positions: "embed_positions",
		blocks: "layers",
		ln1: "self_attn_layer_norm",
		ln2: "final_layer_norm",
		q: "self_attn.q_proj",
		k: "self_attn.k_proj",
		v: "self_attn.v_proj",
		o: "self_attn.out_proj",
		up: "fc1",
		down: "fc2",
		finalNorm: "final_layer_norm",
		unembedding: "lm_head",
	},
});
