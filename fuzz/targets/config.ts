import { readdirSync, readFileSync } from "node:fs";
import { ModelError } from "../../src/models/family.js";
import { FAMILIES, familyOf } from "../../src/models/registry.js";
import { resolveModel } from "../../src/models/resolve.js";
import type { Checkpoint, CheckpointEntry, GgufValue } from "../../src/weights/index.js";
import type { Target } from "../target.js";
import { type Json, jsonVariations, textOf, utf8 } from "../variations.js";

// no input is charged for loading them
for (const family of FAMILIES) await family.load();

const MODELS = "test/reference/lm/models";

/**
 * What an input says: a folder's config.json or a GGUF file's metadata, and the tensors beside it by name and shape;
 * without them those that the configuration asks for.
 */
interface Input {
	readonly config?: Record<string, unknown>;
	readonly gguf?: Record<string, GgufValue>;
	readonly tensors?: Record<string, readonly number[]>;
}

/** JSON of {@link Input}: the model is found and each of its weights in the file. */
export const config: Target = {
	sources: [
		...[
			"resolve",
			"registry",
			"config-schema",
			"gpt2",
			"llama",
			"qwen2",
			"qwen3",
			"mistral",
			"gemma",
			"gemma2",
		],
		...[
			"gemma3",
			"phi",
			"phi3",
			"olmo2",
			"smollm3",
			"gpt-neox",
			"gpt-j",
			"gpt-neo",
			"opt",
			"hooked-transformer",
		],
		...["config", "decoder", "gemma", "gguf", "rope-config", "weights", "windows"].map(
			(file) => `decoder/${file}`,
		),
		...["config", "gguf", "gpt", "weights"].map((file) => `gpt/${file}`),
		...["config", "weights"].map((file) => `hooked/${file}`),
	].map((file) => `src/models/${file}.ts`),
	refusals: [ModelError],
	async read(bytes) {
		const { config, gguf, tensors } = parsed(bytes);
		const entries = isObject(tensors) ? entriesOf(tensors) : await asked(config);
		const checkpoint: Checkpoint = isObject(gguf)
			? { format: "gguf", origin: "input", gguf: { metadata: gguf }, files: [], entries }
			: { format: "folder", origin: "input", config: config ?? {}, files: [], entries };
		const { family, config: dimensions, weights } = await resolveModel(checkpoint);
		for (const { entry } of weights.tensors)
			if (!entries.has(entry)) throw new Error(`a weight of "${entry}", which is not there`);
		return { dimensions, weights, layout: family.layout?.(dimensions) };
	},
	*seeds() {
		const varied = new Set<string>();
		for (const name of readdirSync(MODELS)) {
			const path = `${MODELS}/${name}/config.json`;
			const config = JSON.parse(readFileSync(path, "utf8")) as Record<string, Json>;
			const family = familyOf(config)?.name ?? name;
			// one of each family in all its variations
			if (varied.has(family)) yield utf8(JSON.stringify({ config }));
			else yield* jsonVariations({ config }, [null, "x"]);
			varied.add(family);
		}
		for (const { name, architectures, gguf } of FAMILIES) {
			yield utf8(JSON.stringify({ config: { model_type: name } }));
			for (const architecture of architectures)
				yield utf8(JSON.stringify({ config: { architectures: [architecture] } }));
			if (gguf !== undefined) yield utf8(JSON.stringify({ gguf: { "general.architecture": gguf } }));
		}
		for (const architectures of [["Other\nModel"], [{ toString: 1 }], ["x".repeat(3000)], "GPT2LMHeadModel"])
			yield utf8(JSON.stringify({ config: { architectures } }));
		yield utf8(JSON.stringify({ config: { model_type: "other" } }));
		for (const [gguf, tensors] of [LLAMA, GPT2]) {
			yield* jsonVariations({ gguf, tensors }, [null, 0.5, "x", []]);
			for (const { gguf: architecture } of FAMILIES) {
				if (architecture === undefined) continue;
				const named = Object.entries(gguf).map(([key, value]) => [
					key.replace(/^(llama|gpt2)/, architecture),
					value,
				]);
				const metadata = { ...Object.fromEntries(named), "general.architecture": architecture };
				for (const one of [{}, ...SCALINGS]) {
					const more = Object.entries(one).map(([key, value]) => [`${architecture}.${key}`, value]);
					yield utf8(JSON.stringify({ gguf: { ...metadata, ...Object.fromEntries(more) }, tensors }));
				}
			}
		}
		for (const [name, changes] of Object.entries(CHANGES)) {
			const config = JSON.parse(readFileSync(`${MODELS}/${name}/config.json`, "utf8")) as Record<
				string,
				Json
			>;
			for (const change of changes) yield utf8(JSON.stringify({ config: { ...config, ...change } }));
		}
		for (const extra of [
			["lm_head.weight"],
			["h.0.attn.bias"],
			["a\nb"],
			Array.from({ length: 9 }, (_, i) => `t${i}`),
		])
			for (const tie_word_embeddings of [true, false]) yield tiny(tie_word_embeddings, extra);
	},
};

/** A small GPT-2 with more tensors than it takes. */
function tiny(tie_word_embeddings: boolean, extra: readonly string[]): Uint8Array {
	const config = {
		...{
			architectures: ["GPT2LMHeadModel"],
			n_embd: 2,
			n_layer: 1,
			n_head: 1,
			n_positions: 2,
			vocab_size: 3,
		},
		...{ n_inner: 4, tie_word_embeddings },
	};
	const tensors = {
		...{ "wte.weight": [3, 2], "wpe.weight": [2, 2], "ln_f.weight": [2], "ln_f.bias": [2] },
		...{ "h.0.ln_1.weight": [2], "h.0.ln_1.bias": [2], "h.0.ln_2.weight": [2], "h.0.ln_2.bias": [2] },
		...{ "h.0.attn.c_attn.weight": [2, 6], "h.0.attn.c_attn.bias": [6], "h.0.attn.c_proj.weight": [2, 2] },
		...{ "h.0.attn.c_proj.bias": [2], "h.0.mlp.c_fc.weight": [2, 4], "h.0.mlp.c_fc.bias": [4] },
		...{ "h.0.mlp.c_proj.weight": [4, 2], "h.0.mlp.c_proj.bias": [2] },
		...Object.fromEntries(extra.map((name) => [name, [3, 2]])),
	};
	return utf8(JSON.stringify({ config, tensors }));
}

function parsed(bytes: Uint8Array): Input {
	try {
		const value: unknown = JSON.parse(textOf(bytes));
		// a folder's configuration is an object where this is called
		if (!isObject(value) || (value.config !== undefined && !isObject(value.config))) throw new Error();
		return value;
	} catch {
		throw new ModelError("input: is not JSON of a configuration");
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entriesOf(tensors: Readonly<Record<string, unknown>>): Map<string, CheckpointEntry> {
	const shapes = Object.entries(tensors).filter((entry): entry is [string, number[]] =>
		Array.isArray(entry[1]),
	);
	return new Map(shapes.map(([name, shape]) => [name, { file: 0, dtype: "F32", shape: shape.map(Number) }]));
}

/** The tensors that a configuration asks for, where it is understood. */
async function asked(config: unknown = {}): Promise<Map<string, CheckpointEntry>> {
	const family = await familyOf(config)?.load();
	const weights = family?.weights(family.parseConfig(config)) ?? [];
	return new Map(weights.map(({ name, shape }) => [name, { file: 0, dtype: "F32", shape }]));
}

/** Positions of Phi-3 for a long context. */
const LONG = {
	rope_type: "longrope",
	short_factor: [1, 2, 3, 4],
	long_factor: [4, 3, 2, 1],
	original_max_position_embeddings: 32,
};

/** Changes to models of the folder, of several keys that depend on each other. */
const CHANGES: Readonly<Record<string, readonly Readonly<Record<string, Json>>[]>> = {
	"rand-phi3": [
		{ rope_parameters: { ...LONG, short_factor: [1, 2] } },
		{ rope_parameters: { ...LONG, short_factor: null } },
		{ rope_parameters: LONG },
		{ rope_parameters: { ...LONG, factor: 0.5, rope_theta: 100 } },
		{ rope_parameters: { ...LONG, factor: 4, attention_factor: 2 } },
		{ rope_parameters: null, rope_scaling: { ...LONG, rope_type: "su" } },
		{ rope_parameters: null, rope_scaling: { type: "yarn", short_factor: [1, 2, 3, 4] } },
		{
			rope_parameters: null,
			rope_scaling: { type: "yarn", short_factor: [1, 2, 3, 4] },
			original_max_position_embeddings: null,
		},
		{ rope_parameters: { rope_type: "longrope" } },
		{ rope_parameters: { ...LONG, original_max_position_embeddings: 64 } },
		{ partial_rotary_factor: 0.375, rope_parameters: null },
		{ sliding_window: 8 },
	],
	"rand-gptneo-local": [
		{ attention_layers: null, attention_types: [[["global", "local"], 2]] },
		{ attention_layers: null, attention_types: [[["global", "local"], 1]] },
		{ attention_layers: ["global"] },
		{ attention_layers: null, attention_types: null },
	],
	"rand-opt": [{ word_embed_proj_dim: 16 }, { enable_bias: false }, { hidden_size: 33 }],
	"rand-gptneox": [
		{ rotary_pct: 0.3 },
		{ rope_parameters: null, num_attention_heads: 5 },
		{ attention_bias: false },
	],
	"rand-gptj": [{ rotary_dim: 3 }, { rotary_dim: 400 }, { n_inner: 7 }],
	"rand-qwen2": [
		{ use_sliding_window: true, sliding_window: 4, max_window_layers: 1 },
		{ use_sliding_window: true, sliding_window: null, layer_types: ["sliding_attention"] },
		{ use_sliding_window: true, sliding_window: 4, layer_types: null, max_window_layers: 0 },
	],
	"rand-qwen3": [
		{ use_sliding_window: true, sliding_window: 4, max_window_layers: 1, layer_types: null },
		{ use_sliding_window: false, sliding_window: 4, layer_types: null },
	],
	"rand-gemma3": [
		{ rope_parameters: null, rope_scaling: { rope_type: "linear", factor: 8 }, rope_local_base_freq: 100 },
		{ layer_types: null, sliding_window_pattern: 2, sliding_window: null },
		{ layer_types: null, _sliding_window_pattern: 2 },
		{ layer_types: null },
	],
	"rand-gemma": [{ hidden_act: "gelu" }, { hidden_activation: "gelu" }, { unit_offset: false }],
	"hooked-mlp": [
		{ normalization_type: "LNPre", parallel_attn_mlp: true },
		{ positional_embedding_type: "rotary", rotary_dim: 4 },
		{ attn_only: true, d_mlp: null, act_fn: null },
	],
	"rand-gpt2": [{ n_head: 3 }, { scale_attn_by_inverse_layer_idx: true }, { tie_word_embeddings: false }],
};

/** Further metadata of a GGUF file. */
const SCALINGS: readonly Readonly<Record<string, Json>>[] = [
	{ "rope.scaling.type": "none" },
	{ "rope.scaling.type": "linear", "rope.scaling.factor": 2 },
	{ "rope.scaling.type": "linear" },
	{ "rope.dimension_count": 1 },
	{ "attention.key_length": 2, "attention.value_length": 4 },
	{ "attention.sliding_window": 4 },
	{ use_parallel_residual: false },
	{ "attention.key_length": 2, final_logit_softcapping: 3, "rope.freq_base_swa": 100 },
	{ "attention.key_length": 2, "attention.sliding_window": 2, attn_logit_softcapping: 5 },
];

const LLAMA = [
	{
		"general.architecture": "llama",
		"llama.block_count": 1,
		"llama.context_length": 8,
		"llama.embedding_length": 4,
		"llama.feed_forward_length": 6,
		"llama.attention.head_count": 2,
		"llama.attention.head_count_kv": 1,
		"llama.attention.layer_norm_rms_epsilon": 0.00001,
		"llama.rope.freq_base": 10000,
		"llama.rope.dimension_count": 2,
		"llama.vocab_size": 5,
	},
	{
		"token_embd.weight": [5, 4],
		"output_norm.weight": [4],
		"output.weight": [5, 4],
		"blk.0.attn_norm.weight": [4],
		"blk.0.attn_q.weight": [4, 4],
		"blk.0.attn_k.weight": [2, 4],
		"blk.0.attn_v.weight": [2, 4],
		"blk.0.attn_output.weight": [4, 4],
		"blk.0.ffn_norm.weight": [4],
		"blk.0.ffn_gate.weight": [6, 4],
		"blk.0.ffn_up.weight": [6, 4],
		"blk.0.ffn_down.weight": [4, 6],
	},
] as const;

const GPT2 = [
	{
		"general.architecture": "gpt2",
		"gpt2.block_count": 1,
		"gpt2.context_length": 2,
		"gpt2.embedding_length": 2,
		"gpt2.feed_forward_length": 4,
		"gpt2.attention.head_count": 1,
		"gpt2.attention.layer_norm_epsilon": 0.00001,
	},
	{
		"token_embd.weight": [3, 2],
		"position_embd.weight": [2, 2],
		"output_norm.weight": [2],
		"output_norm.bias": [2],
		"blk.0.attn_norm.weight": [2],
		"blk.0.attn_norm.bias": [2],
		"blk.0.attn_qkv.weight": [6, 2],
		"blk.0.attn_qkv.bias": [6],
		"blk.0.attn_output.weight": [2, 2],
		"blk.0.attn_output.bias": [2],
		"blk.0.ffn_norm.weight": [2],
		"blk.0.ffn_norm.bias": [2],
		"blk.0.ffn_up.weight": [4, 2],
		"blk.0.ffn_up.bias": [4],
		"blk.0.ffn_down.weight": [2, 4],
		"blk.0.ffn_down.bias": [2],
	},
] as const;
