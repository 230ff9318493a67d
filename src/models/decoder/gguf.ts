import type { GgufValue } from "../../weights/index.js";
import { type Dimensions, type GgufLayout, ModelError } from "../family.js";
import type { DecoderConfig } from "./config.js";
import { type BlockNorm, blockNorms, EMBEDDING, FINAL_NORM, ROPE_FACTORS, UNEMBEDDING } from "./weights.js";

/** Metadata of every decoder, below the architecture's name. */
const KEYS = [
	"attention.head_count",
	"attention.head_count_kv",
	"attention.key_length",
	"attention.layer_norm_rms_epsilon",
	"attention.value_length",
	"block_count",
	"context_length",
	"embedding_length",
	"feed_forward_length",
	"rope.dimension_count",
	"rope.freq_base",
	"rope.scaling.factor",
	"rope.scaling.finetuned",
	"rope.scaling.original_context_length",
	"rope.scaling.type",
	"vocab_size",
] as const;

/** What a file says: a metadata value below the architecture's name, and the shape of a tensor. */
export interface GgufFile {
	at(key: string): GgufValue | undefined;
	shapeOf(entry: string): readonly number[] | undefined;
}

/** How a decoder is stored, beyond what all of them have in common. */
export interface DecoderGguf {
	/** Value of general.architecture. */
	readonly architecture: string;
	/** Further metadata that are understood. */
	readonly keys?: readonly string[];
	/** Rows of queries and keys that are rotated together lie side by side, as llama.cpp has them for Llama. */
	readonly paired?: boolean;
	/** Keys of the Hugging Face configuration beside the common ones. */
	config?(file: GgufFile): object;
}

/** The layout of llama.cpp's files. @throws {ModelError} for metadata that no decoder here has */
export function decoderGguf({ architecture, keys = [], paired, config }: DecoderGguf): GgufLayout {
	return {
		keys: [...KEYS, ...keys],
		config: (metadata, shapeOf) => {
			const file: GgufFile = { at: (key) => metadata[`${architecture}.${key}`], shapeOf };
			return { ...commonConfig(architecture, file), ...config?.(file) };
		},
		entry: (name, dimensions) => {
			const { nHeads, nKvHeads } = dimensions;
			const heads = /q_proj\.\w+$/.test(name) ? nHeads : /k_proj\.\w+$/.test(name) ? nKvHeads : 0;
			return {
				entry: entryOf(name, dimensions),
				...(paired && heads > 0 && { transform: { kind: "unpermute" as const, heads } }),
			};
		},
	};
}

function commonConfig(architecture: string, { at, shapeOf }: GgufFile): object {
	const rotated = at("rope.dimension_count");
	const dHead =
		at("attention.key_length") ?? Number(at("embedding_length")) / Number(at("attention.head_count"));
	if (rotated !== undefined && rotated !== dHead) {
		throw new ModelError(
			`${architecture}.rope.dimension_count: ${rotated} of ${dHead} channels; partial rotation is not supported`,
		);
	}
	const dValue = at("attention.value_length") ?? dHead;
	if (dValue !== dHead) {
		throw new ModelError(
			`${architecture}.attention.value_length: ${dValue} differs from key_length ${dHead}; not supported`,
		);
	}
	const factor = at("rope.scaling.factor");
	// what llama.cpp takes a factor without a type for
	const scaling = at("rope.scaling.type") ?? (factor === undefined ? "none" : "linear");
	return {
		hidden_size: at("embedding_length"),
		intermediate_size: at("feed_forward_length"),
		num_hidden_layers: at("block_count"),
		num_attention_heads: at("attention.head_count"),
		num_key_value_heads: at("attention.head_count_kv"),
		head_dim: dHead,
		vocab_size: shapeOf("token_embd.weight")?.[0],
		max_position_embeddings: at("context_length"),
		rms_norm_eps: at("attention.layer_norm_rms_epsilon"),
		// as in llama.cpp, whatever an architecture's configurations mean where they say none
		rope_theta: at("rope.freq_base") ?? 10000,
		...(scaling !== "none" && { rope_scaling: { type: scaling, factor } }),
		tie_word_embeddings: shapeOf("output.weight") === undefined,
	};
}

const FIXED: Readonly<Record<string, string>> = {
	[EMBEDDING]: "token_embd.weight",
	[FINAL_NORM]: "output_norm.weight",
	[UNEMBEDDING]: "output.weight",
	[ROPE_FACTORS]: "rope_freqs.weight",
};

const IN_BLOCK: Readonly<Record<string, string>> = {
	"self_attn.q_proj": "attn_q",
	"self_attn.k_proj": "attn_k",
	"self_attn.v_proj": "attn_v",
	"self_attn.qkv_proj": "attn_qkv",
	"self_attn.q_norm": "attn_q_norm",
	"self_attn.k_norm": "attn_k_norm",
	"self_attn.o_proj": "attn_output",
	"mlp.gate_proj": "ffn_gate",
	"mlp.up_proj": "ffn_up",
	"mlp.gate_up_proj": "ffn_up",
	"mlp.down_proj": "ffn_down",
};

const NORMS: Readonly<Record<BlockNorm, string>> = {
	ln1: "attn_norm",
	ln1_post: "post_attention_norm",
	ln2: "ffn_norm",
	ln2_post: "post_ffw_norm",
};

function entryOf(name: string, dimensions: Dimensions): string {
	const fixed = FIXED[name];
	if (fixed) return fixed;
	const [, layer, module, kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) as RegExpExecArray;
	const norms = blockNorms(dimensions as DecoderConfig);
	const [usual] = Object.entries(norms).find(([, stored]) => stored === module) ?? [];
	return `blk.${layer}.${usual ? NORMS[usual as BlockNorm] : IN_BLOCK[module as string]}.${kind}`;
}
