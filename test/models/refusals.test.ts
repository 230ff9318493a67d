/** What is not understood is refused by name, before a weight is read: config keys, metadata, tensors, absurd counts. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DecoderConfig } from "../../src/models/decoder/config.js";
import { resolveModel } from "../../src/models/resolve.js";
import { type Checkpoint, openCheckpointFiles } from "../../src/weights/index.js";
import { referencePath } from "../reference-data.js";

async function folder(name: string, change: Record<string, unknown> = {}): Promise<Checkpoint> {
	const bytes = (file: string): Uint8Array => readFileSync(referencePath("lm", "models", name, file));
	const checkpoint = await openCheckpointFiles([
		{ name: "config.json", source: { bytes: bytes("config.json"), name: "config.json" } },
		{ name: "model.safetensors", source: { bytes: bytes("model.safetensors"), name: "model.safetensors" } },
	]);
	return { ...checkpoint, origin: name, config: { ...(checkpoint.config as object), ...change } };
}

/** A checkpoint of a GGUF file with these tensors; nothing of it is read. */
function gguf(metadata: Record<string, string | number>, tensors: Record<string, number[]>): Checkpoint {
	const entries = new Map(
		Object.entries(tensors).map(([name, shape]) => [name, { file: 0, dtype: "F32", shape }] as const),
	);
	return { format: "gguf", origin: "x.gguf", gguf: { metadata }, files: [{ path: "x.gguf" }], entries };
}

const LLAMA = {
	"general.architecture": "llama",
	"llama.embedding_length": 8,
	"llama.block_count": 1,
	"llama.feed_forward_length": 12,
	"llama.attention.head_count": 2,
	"llama.attention.head_count_kv": 1,
	"llama.context_length": 16,
	"llama.attention.layer_norm_rms_epsilon": 1e-5,
};
const TENSORS = {
	"token_embd.weight": [10, 8],
	"blk.0.attn_norm.weight": [8],
	"blk.0.attn_q.weight": [8, 8],
	"blk.0.attn_k.weight": [4, 8],
	"blk.0.attn_v.weight": [4, 8],
	"blk.0.attn_output.weight": [8, 8],
	"blk.0.ffn_norm.weight": [8],
	"blk.0.ffn_gate.weight": [12, 8],
	"blk.0.ffn_up.weight": [12, 8],
	"blk.0.ffn_down.weight": [8, 12],
	"output_norm.weight": [8],
};

describe("a folder", () => {
	test.each([
		[{ sliding_window: 5 }, 'unknown key "sliding_window", which may change the result'],
		[{ architectures: ["FooForCausalLM"] }, "unknown architecture FooForCausalLM; known: GPT2LMHeadModel"],
		[{ num_hidden_layers: 1e9 }, "num_hidden_layers: "],
		[{ num_hidden_layers: 4 }, 'tensor "model.layers.3.'],
		[{ num_hidden_layers: 2 }, "would not be used by a llama model"],
		[{ head_dim: 7 }, "head_dim 7 is odd, but rotary positions need pairs"],
		[{ num_key_value_heads: 3 }, "4 heads are not a multiple of 3 kv heads"],
		[{ head_dim: null, hidden_size: 30 }, "30 channels are not a multiple of 4 heads"],
		[{ head_dim: null, hidden_size: 40 }, "has shape [97, 32], but its configuration asks for [97, 40]"],
		[{ rope_parameters: { rope_type: "yarn", factor: 2 } }, "rope_parameters.rope_type"],
		[{ hidden_act: "relu6" }, "hidden_act"],
	])("with %j", async (change, message) => {
		const checkpoint = await folder("rand-llama", change);
		await expect(resolveModel(checkpoint)).rejects.toThrow(message);
		await expect(resolveModel(checkpoint)).rejects.toThrow(/^[^\n]+$/);
	});

	test("as it is", async () => {
		expect((await resolveModel(await folder("rand-llama"))).config.nLayers).toBe(3);
	});

	test("with GPT-2's count of layers absurd", async () => {
		const checkpoint = await folder("rand-gpt2", { n_layer: 1e9 });
		await expect(resolveModel(checkpoint)).rejects.toThrow("n_layer: ");
	});
});

describe("a GGUF file", () => {
	test("is resolved, with the rows of queries and keys put back", async () => {
		const { config, weights } = await resolveModel(gguf(LLAMA, TENSORS));
		expect(config).toMatchObject({ nLayers: 1, nHeads: 2, nKvHeads: 1, dHead: 4, vocab: 10, tied: true });
		const at = (name: string): unknown => weights.tensors.find((t) => t.name.endsWith(name))?.transform;
		expect(at("q_proj.weight")).toEqual({ kind: "unpermute", heads: 2 });
		expect(at("k_proj.weight")).toEqual({ kind: "unpermute", heads: 1 });
		expect(at("v_proj.weight")).toBeUndefined();
	});

	test.each([
		["llama.rope.scale_linear", 4, 'unknown metadata "llama.rope.scale_linear", which may change the result'],
		["llama.attention.sliding_window", 5, "llama.attention.sliding_window"],
		["llama.expert_count", 8, "llama.expert_count"],
		["llama.block_count", 1e9, "num_hidden_layers: "],
		["llama.attention.value_length", 6, "value_length: 6 differs from key_length 4"],
		["llama.rope.dimension_count", 2, "2 of 4 channels; partial rotation is not supported"],
		["llama.rope.scaling.type", "yarn", "rope_scaling.type"],
		["general.architecture", "mamba", 'unknown architecture "mamba"; known in GGUF: gpt2, llama'],
	])("with %s = %s", async (key, value, message) => {
		await expect(resolveModel(gguf({ ...LLAMA, [key]: value }, TENSORS))).rejects.toThrow(message);
	});

	test("with a factor alone is stretched as llama.cpp stretches it, and has its base of the frequencies", async () => {
		const { config } = await resolveModel(gguf({ ...LLAMA, "llama.rope.scaling.factor": 4 }, TENSORS));
		expect((config as DecoderConfig).ropes).toEqual([
			{ theta: 10000, dim: 4, scaling: { kind: "linear", factor: 4 } },
		]);
		const none = { ...LLAMA, "llama.rope.scaling.factor": 4, "llama.rope.scaling.type": "none" };
		const plain = await resolveModel(gguf(none, TENSORS));
		expect((plain.config as DecoderConfig).ropes).toEqual([{ theta: 10000, dim: 4 }]);
	});

	test.each(["attention.layer_norm_rms_epsilon", "context_length"])("without %s", async (key) => {
		const { [`llama.${key}`]: _, ...rest } = LLAMA as Record<string, string | number>;
		await expect(resolveModel(gguf(rest, TENSORS))).rejects.toThrow(`metadata "llama.${key}" is missing`);
	});

	test("with a tensor more or less", async () => {
		await expect(resolveModel(gguf(LLAMA, { ...TENSORS, "blk.0.extra.weight": [8] }))).rejects.toThrow(
			'"blk.0.extra.weight" would not be used',
		);
		const { "output_norm.weight": _, ...fewer } = TENSORS;
		await expect(resolveModel(gguf(LLAMA, fewer))).rejects.toThrow('tensor "model.norm.weight" is missing');
	});
});
