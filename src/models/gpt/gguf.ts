import type { GgufFile } from "../decoder/gguf.js";
import { type GgufLayout, ModelError } from "../family.js";
import { type GptModules, outerNames, positionsName } from "./weights.js";

/** Metadata of every architecture, below its name. */
const KEYS = [
	"attention.head_count",
	"attention.head_count_kv",
	"attention.layer_norm_epsilon",
	"block_count",
	"context_length",
	"embedding_length",
	"feed_forward_length",
	"rope.dimension_count",
	"rope.freq_base",
	"rope.scaling.type",
	"vocab_size",
] as const;

/** How an architecture is stored, beyond what all have in common. */
export interface GptGguf {
	/** Value of general.architecture. */
	readonly architecture: string;
	/** Further metadata that are understood. */
	readonly keys?: readonly string[];
	/** Keys of the Hugging Face configuration beside the common ones. */
	config?(file: GgufFile): object;
}

/** The layout of llama.cpp's files. @throws {ModelError} for a rope scaling, which none of these has */
export function gptGguf(m: GptModules, { architecture, keys = [], config }: GptGguf): GgufLayout {
	return {
		keys: [...KEYS, ...keys],
		config: (metadata, shapeOf) => {
			const at: GgufFile["at"] = (key) => metadata[`${architecture}.${key}`];
			const file: GgufFile = { at, shapeOf };
			return { ...commonConfig(architecture, file), ...config?.(file) };
		},
		entry: (name) => ({ entry: entryOf(m, name) }),
	};
}

function commonConfig(architecture: string, { at, shapeOf }: GgufFile): object {
	const scaling = at("rope.scaling.type");
	if (scaling !== undefined && scaling !== "none") {
		throw new ModelError(`${architecture}.rope.scaling.type: "${scaling}" is not supported, allowed "none"`);
	}
	const dHead = Number(at("embedding_length")) / Number(at("attention.head_count"));
	const rotated = at("rope.dimension_count");
	return {
		hidden_size: at("embedding_length"),
		// what llama.cpp's converter writes as feed_forward_length of Phi is not always the width
		intermediate_size: shapeOf("blk.0.ffn_up.weight")?.[0] ?? at("feed_forward_length"),
		num_hidden_layers: at("block_count"),
		num_attention_heads: at("attention.head_count"),
		vocab_size: shapeOf("token_embd.weight")?.[0],
		max_position_embeddings: at("context_length"),
		layer_norm_eps: at("attention.layer_norm_epsilon"),
		rope_parameters: {
			// a half more, so that no rounding takes a channel off
			partial_rotary_factor: rotated === undefined ? 1 : Math.min(1, (Number(rotated) + 0.5) / dHead),
			...(at("rope.freq_base") !== undefined && { rope_theta: at("rope.freq_base") }),
		},
		tie_word_embeddings: shapeOf("output.weight") === undefined,
	};
}

/** Where a weight is, by what it is for. */
function entryOf(m: GptModules, name: string): string {
	const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(name) as RegExpExecArray;
	const { embedding, finalNorm, unembedding } = outerNames(m);
	const outer = { [embedding]: "token_embd", [finalNorm]: "output_norm", [unembedding]: "output" };
	const fixed = name === positionsName(m) ? "position_embd" : outer[module as string];
	if (fixed !== undefined) return `${fixed}.${kind}`;
	const within = (module as string).slice(`${m.prefix}${m.blocks}.`.length);
	const [, layer, part] = /^(\d+)\.(.+)$/.exec(within) as RegExpExecArray;
	const [role] = (Object.keys(IN_BLOCK) as (keyof typeof IN_BLOCK)[]).filter((one) => m[one] === part);
	return `blk.${layer}.${IN_BLOCK[role as keyof typeof IN_BLOCK]}.${kind}`;
}

const IN_BLOCK = {
	ln1: "attn_norm",
	ln2: "ffn_norm",
	q: "attn_q",
	k: "attn_k",
	v: "attn_v",
	qkv: "attn_qkv",
	o: "attn_output",
	up: "ffn_up",
	down: "ffn_down",
} as const satisfies Partial<Record<keyof GptModules, string>>;
