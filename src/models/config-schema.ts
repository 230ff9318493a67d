import * as z from "zod/mini";
import { ACTIVATIONS } from "../nn/activation.js";
import { check } from "../shared/schemas.js";
import { type Dimensions, ModelError } from "./family.js";

/**
 * Keys of config.json that do not change what a forward pass computes: training, generation and
 * bookkeeping. Everything that is neither here nor in a family's schema is refused by name.
 */
const IGNORED = [
	"_name_or_path",
	"architectures",
	"model_type",
	"dtype",
	"torch_dtype",
	"transformers_version",
	"use_cache",
	"torchscript",
	"bos_token_id",
	"eos_token_id",
	"pad_token_id",
	"sep_token_id",
	"unk_token_id",
	"decoder_start_token_id",
	"initializer_range",
	"attn_pdrop",
	"embd_pdrop",
	"resid_pdrop",
	"attention_dropout",
	"hidden_dropout",
	"activation_dropout",
	"classifier_dropout",
	"dropout",
	"embed_dropout",
	"resid_dropout",
	"layerdrop",
	"init_std",
	"summary_type",
	"summary_use_proj",
	"summary_activation",
	"summary_first_dropout",
	"summary_proj_to_labels",
	"gradient_checkpointing",
	"pretraining_tp",
	"task_specific_params",
	"problem_type",
	"id2label",
	"label2id",
	"num_labels",
	"output_attentions",
	"output_hidden_states",
	"output_past",
	"return_dict",
	"use_return_dict",
	"attn_implementation",
	"_attn_implementation",
	"_attn_implementation_autoset",
	"tokenizer_class",
	"prefix",
	"finetuning_task",
	"auto_map",
	"max_length",
	"min_length",
	"do_sample",
	"temperature",
	"top_k",
	"top_p",
	"num_beams",
	"repetition_penalty",
	"reorder_and_upcast_attn",
	"n_ctx",
	"is_llama_config",
	"rope_interleaved",
	"unsloth_version",
	"transformers.js_config",
] as const;

const ignored = Object.fromEntries(IGNORED.map((key) => [key, z.optional(z.unknown())]));

/** A width or a number of heads, tokens or positions. */
export const count = z.int().check(z.positive(), z.maximum(2 ** 24));

/** A number of layers: every one is listed before a weight is looked up, so a lie must not cost memory. */
export const layerCount = z.int().check(z.positive(), z.maximum(1000));

/** A factor, a base of frequencies, an epsilon. */
export const positive = z.number().check(z.positive());

/** A part of each head's channels. */
export const share = positive.check(z.maximum(1));

/** Activation functions by their names in configurations. */
export const activation = z.enum(Object.keys(ACTIVATIONS));

/** Sizes by the keys that they have in most configurations. */
export const sizeKeys = {
	hidden_size: count,
	intermediate_size: count,
	num_hidden_layers: layerCount,
	num_attention_heads: count,
	vocab_size: count,
	max_position_embeddings: z._default(count, 2048),
};

/** What `readSizes` reads, under one name for all. */
export interface Sizes {
	readonly layers: number;
	readonly heads: number;
	/** Default: as many as there are heads. */
	readonly kvHeads?: number | null | undefined;
	readonly width: number;
	/** Default: its share of the width. */
	readonly dHead?: number | null | undefined;
	/** Width of the MLP. Default: four times the stream's. */
	readonly mlp?: number | null | undefined;
	readonly vocab: number;
	readonly context: number;
}

/** The sizes that `sizeKeys` read. */
export function namedSizes(c: z.output<z.ZodMiniObject<typeof sizeKeys>>): Sizes {
	return {
		layers: c.num_hidden_layers,
		heads: c.num_attention_heads,
		width: c.hidden_size,
		mlp: c.intermediate_size,
		vocab: c.vocab_size,
		context: c.max_position_embeddings,
	};
}

/** The sizes in a configuration. @throws {ModelError} for heads that do not fit */
export function readSizes(family: string, sizes: Sizes): Dimensions {
	const { layers, heads, width, mlp, vocab, context } = sizes;
	const kvHeads = sizes.kvHeads ?? heads;
	if (heads % kvHeads !== 0) {
		throw new ModelError(`config.json (${family}): ${heads} heads are not a multiple of ${kvHeads} kv heads`);
	}
	const dHead = sizes.dHead ?? width / heads;
	if (!Number.isInteger(dHead)) {
		throw new ModelError(`config.json (${family}): ${width} channels are not a multiple of ${heads} heads`);
	}
	return {
		nLayers: layers,
		nHeads: heads,
		nKvHeads: kvHeads,
		dModel: width,
		dHead,
		dMlp: mlp ?? 4 * width,
		vocab,
		nCtx: context,
	};
}

/**
 * Reads config.json with a family's schema, which is built here, once.
 * @returns reads a configuration; a {@link ModelError} is one line with the keys that are unknown, missing or wrong
 */
export function configReader<S extends z.core.$ZodShape>(
	family: string,
	shape: S,
): (config: unknown) => z.output<z.ZodMiniObject<S>> {
	const schema = z.strictObject({ ...ignored, ...shape });
	return (config) => {
		const result = check(schema, config);
		if (result.success) return result.data as z.output<z.ZodMiniObject<S>>;
		const faults = result.error.issues.map((issue) =>
			issue.code === "unrecognized_keys"
				? `unknown ${issue.keys.length > 1 ? "keys" : "key"} ${issue.keys.map((k) => `"${k}"`).join(", ")}, which may change the result`
				: `${issue.path.join(".")}: ${issue.message}`,
		);
		throw new ModelError(`config.json (${family}): ${faults.join("; ")}`);
	};
}
