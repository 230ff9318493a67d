import * as z from "zod/mini";
import { activation, configReader, count, layerCount, positive } from "../config-schema.js";
import { type Dimensions, ModelError } from "../family.js";

/** A model in TransformerLens' own layout. */
export interface HookedConfig extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	/** "LN" has weights and biases, "LNPre" only centres and scales. */
	readonly normalization: "LN" | "LNPre" | undefined;
	/** Learned positions: in the stream, or added to what queries and keys read. */
	readonly positions: "standard" | "shortformer";
	readonly attnOnly: boolean;
	/** Attention and MLP read the same stream and are added to it together. */
	readonly parallel: boolean;
	/** Factor on q k^T for each layer. */
	readonly attentionScale: readonly number[];
}

/** Keys that change nothing here: how a model is made, run and named, and numbers of what is switched off. */
const INERT = [
	"attn_types",
	"checkpoint_index",
	"checkpoint_label_type",
	"checkpoint_value",
	"default_padding_side",
	"default_prepend_bos",
	"device",
	"from_checkpoint",
	"init_mode",
	"init_weights",
	"layer_norm_folding",
	"model_name",
	"n_devices",
	"n_params",
	"NTK_by_parts_factor",
	"NTK_by_parts_high_freq_factor",
	"NTK_by_parts_low_freq_factor",
	"NTK_original_ctx_len",
	"norm_topk_prob",
	"original_architecture",
	"relative_attention_max_distance",
	"relative_attention_num_buckets",
	"rotary_adjacent_pairs",
	"rotary_base",
	"rotary_base_local",
	"rotary_dim",
	"rotary_scaling_factor",
	"seed",
	"tokenizer_name",
	"tokenizer_prepends_bos",
	"train_seq_length",
	"trust_remote_code",
	"ungroup_grouped_query_attention",
	"use_attn_in",
	"use_attn_result",
	"use_hook_mlp_in",
	"use_hook_tokens",
	"use_split_qkv_input",
	"window_size",
	"yarn_attention_factor",
	"yarn_beta_fast",
	"yarn_beta_slow",
	"yarn_factor",
	"yarn_global_attn_only",
	"yarn_original_max_position_embeddings",
	"yarn_truncate",
] as const;

/** What is switched off: nothing of it is supported. */
const OFF = [
	"final_rms",
	"gated_mlp",
	"load_in_4bit",
	"post_embedding_ln",
	"tie_word_embeddings",
	"use_attention_sinks",
	"use_dynamic_ntk_rope",
	"use_local_attn",
	"use_logn_attn",
	"use_normalization_before_and_after",
	"use_NTK_by_parts_rope",
	"use_qk_norm",
	"use_yarn_rope",
	"uses_rms_norm",
] as const;

const inert = z.optional(z.unknown());
const off = z.nullish(z.literal(false));
const none = z.optional(z.null());
const uncapped = z._default(z.number().check(z.maximum(0)), -1);

const read = configReader("hooked_transformer", {
	...(Object.fromEntries(INERT.map((key) => [key, inert])) as Record<(typeof INERT)[number], typeof inert>),
	...(Object.fromEntries(OFF.map((key) => [key, off])) as Record<(typeof OFF)[number], typeof off>),
	n_layers: layerCount,
	d_model: count,
	n_ctx: count,
	d_head: count,
	n_heads: z._default(z.union([count, z.literal(-1)]), -1),
	n_key_value_heads: z.nullish(count),
	d_mlp: z.nullish(count),
	d_vocab: count,
	d_vocab_out: z._default(z.union([count, z.literal(-1)]), -1),
	act_fn: z.nullish(activation),
	eps: z._default(positive, 1e-5),
	normalization_type: z._default(z.nullable(z.enum(["LN", "LNPre"])), "LN"),
	positional_embedding_type: z._default(z.enum(["standard", "shortformer"]), "standard"),
	attention_dir: z._default(z.literal("causal"), "causal"),
	attn_only: z._default(z.boolean(), false),
	parallel_attn_mlp: z._default(z.boolean(), false),
	use_attn_scale: z._default(z.boolean(), true),
	attn_scale: z._default(z.union([positive, z.literal(-1)]), -1),
	scale_attn_by_inverse_layer_idx: z._default(z.boolean(), false),
	attn_scores_soft_cap: uncapped,
	output_logits_soft_cap: uncapped,
	num_experts: none,
	experts_per_token: none,
	clip_qkv: none,
	quantization_method: none,
});

/** Reads a `HookedTransformerConfig`. @throws {ModelError} naming the key for what is unknown or not supported */
export function hookedConfig(config: unknown): HookedConfig {
	const c = read(config);
	const refuse = (what: string): never => {
		throw new ModelError(`config.json (hooked_transformer): ${what}`);
	};
	const nHeads = c.n_heads === -1 ? Math.floor(c.d_model / c.d_head) : c.n_heads;
	if (nHeads < 1) refuse(`d_head ${c.d_head} is greater than d_model ${c.d_model}, and n_heads is not given`);
	const kvHeads = c.n_key_value_heads ?? nHeads;
	if (kvHeads !== nHeads)
		refuse(`n_key_value_heads ${kvHeads} differs from n_heads ${nHeads}; not supported`);
	const out = c.d_vocab_out === -1 ? c.d_vocab : c.d_vocab_out;
	if (out !== c.d_vocab) refuse(`d_vocab_out ${out} differs from d_vocab ${c.d_vocab}; not supported`);
	if (!c.attn_only && !c.act_fn) refuse("act_fn is missing, which a model with MLPs needs");
	const divisor = c.use_attn_scale ? (c.attn_scale === -1 ? Math.sqrt(c.d_head) : c.attn_scale) : 1;
	return {
		nLayers: c.n_layers,
		nHeads,
		nKvHeads: nHeads,
		dModel: c.d_model,
		dHead: c.d_head,
		dMlp: c.attn_only ? 0 : (c.d_mlp ?? 4 * c.d_model),
		vocab: c.d_vocab,
		nCtx: c.n_ctx,
		eps: c.eps,
		activation: c.act_fn ?? "relu",
		normalization: c.normalization_type ?? undefined,
		positions: c.positional_embedding_type,
		attnOnly: c.attn_only,
		parallel: c.parallel_attn_mlp,
		attentionScale: Array.from(
			{ length: c.n_layers },
			(_, l) => 1 / (divisor * (c.scale_attn_by_inverse_layer_idx ? l + 1 : 1)),
		),
	};
}
