/** What the configurations of decoders after Llama say, layer by layer, and what of them is refused. */
import { describe, expect, test } from "vitest";
import type { DecoderConfig } from "../../src/models/decoder/config.js";
import { FAMILIES } from "../../src/models/registry.js";
import { referenceJson } from "../reference-data.js";

/** The configuration of a reference model with some keys changed; undefined takes one away. */
async function parse(folder: string, change: Record<string, unknown> = {}): Promise<DecoderConfig> {
	const given = referenceJson<Record<string, unknown>>("lm", "models", folder, "config.json");
	const changed = Object.entries({ ...given, ...change }).filter(([, value]) => value !== undefined);
	const found = FAMILIES.find(({ name }) => name === given.model_type);
	const family = await found?.load();
	return family?.parseConfig(Object.fromEntries(changed)) as DecoderConfig;
}

describe("windows", () => {
	const [full, sliding] = ["full_attention", "sliding_attention"];

	test.each([
		["rand-mistral-sliding", {}, [5, 5, 5]],
		["rand-mistral-sliding", { sliding_window: null }, [undefined, undefined, undefined]],
		["rand-mistral-sliding", { sliding_window: undefined }, [4096, 4096, 4096]],
		["rand-qwen2", {}, [undefined, undefined, undefined]],
		["rand-qwen2", { sliding_window: 4 }, [undefined, undefined, undefined]],
		[
			"rand-qwen2",
			{ sliding_window: 4, use_sliding_window: true, max_window_layers: 1, layer_types: undefined },
			[undefined, 4, 4],
		],
		[
			"rand-qwen2",
			{ sliding_window: undefined, use_sliding_window: true, max_window_layers: 1, layer_types: undefined },
			[undefined, 4096, 4096],
		],
		[
			"rand-qwen3",
			{ sliding_window: 4, use_sliding_window: true, layer_types: [sliding, full, sliding] },
			[4, undefined, 4],
		],
		["rand-gemma2", { layer_types: undefined }, [5, undefined, 5]],
		["rand-gemma3", {}, [5, undefined, 5]],
		["rand-gemma3", { layer_types: undefined }, [5, 5, 5]],
		["rand-gemma3", { layer_types: undefined, sliding_window_pattern: 3 }, [5, 5, undefined]],
		["rand-phi3", { sliding_window: 7 }, [7, 7, 7]],
		["rand-smollm3", {}, [undefined, undefined, undefined]],
		[
			"rand-smollm3",
			{
				sliding_window: undefined,
				use_sliding_window: true,
				layer_types: undefined,
				no_rope_layers: [1, 0, 1],
			},
			[undefined, undefined, undefined],
		],
		[
			"rand-smollm3",
			{ sliding_window: 4, use_sliding_window: true, layer_types: undefined, no_rope_layers: [1, 0, 1] },
			[undefined, 4, undefined],
		],
	])("of %s with %j", async (folder, change, windows) => {
		expect((await parse(folder, change)).windows).toEqual(windows);
	});
});

describe("rotary positions", () => {
	test("of Gemma 3 have a base of their own where a window slides, in old and new configurations", async () => {
		const thetas = async (change: Record<string, unknown>): Promise<unknown[]> =>
			(await parse("rand-gemma3", change)).ropes.map((rope) => [rope?.theta, rope?.scaling?.kind]);
		expect(await thetas({})).toEqual([
			[1e4, undefined],
			[1e6, undefined],
			[1e4, undefined],
		]);
		const old = { rope_parameters: undefined, rope_theta: 5e5, rope_local_base_freq: 2e4 };
		expect(await thetas({ ...old, rope_scaling: { rope_type: "linear", factor: 8 } })).toEqual([
			[2e4, undefined],
			[5e5, "linear"],
			[2e4, undefined],
		]);
	});

	test.each(["rand-mistral-sliding", "rand-gptneox", "rand-gemma3"])(
		"of %s are stretched as Hugging Face stretches them where two keys say how",
		async (folder) => {
			const linear = (factor: number): object => ({ rope_type: "linear", factor });
			const newer = folder === "rand-gemma3" ? { full_attention: linear(2) } : linear(2);
			const config = await parse(folder, { rope_parameters: newer, rope_scaling: linear(8) });
			const { ropes = [], rope } = config as DecoderConfig & { rope?: DecoderConfig["ropes"][number] };
			const found = [...ropes, rope].flatMap((one) => one?.scaling ?? []);
			expect(found[0]).toEqual({ kind: "linear", factor: 8 });
		},
	);

	test("of SmolLM3 are left out in the layers that say so, or in every so many", async () => {
		const rotated = async (change: Record<string, unknown>): Promise<boolean[]> =>
			(await parse("rand-smollm3", change)).ropes.map((rope) => rope !== undefined);
		expect(await rotated({ no_rope_layers: [0, 1, 1] })).toEqual([false, true, true]);
		const none = { no_rope_layers: undefined };
		expect(await rotated({ ...none, no_rope_layer_interval: 3 })).toEqual([true, true, false]);
		expect(await rotated({ ...none, no_rope_layer_interval: undefined })).toEqual([true, true, true]);
	});

	test("of Phi-3 with LongRoPE end with the original context", async () => {
		const long = {
			...{ max_position_embeddings: 256, original_max_position_embeddings: 64 },
			rope_parameters: {
				...{ rope_type: "longrope", rope_theta: 1e4, partial_rotary_factor: 0.5 },
				...{ short_factor: [1.5, 2], long_factor: [3, 4] },
			},
		};
		const { nCtx, ropes } = await parse("rand-phi3", long);
		expect(nCtx).toBe(64);
		expect(ropes[0]).toEqual({
			...{ theta: 1e4, dim: 4 },
			scaling: { kind: "longrope", divisors: [1.5, 2], amplitude: Math.sqrt(1 + Math.log(4) / Math.log(64)) },
		});
	});
});

test.each([
	["rand-qwen2", { use_mrope: true }, "use_mrope"],
	["rand-qwen2", { attention_bias: true }, 'unknown key "attention_bias", which may change the result'],
	["rand-qwen3", { layer_types: ["full_attention"] }, "layer_types has 1 entries for 3 layers"],
	[
		"rand-qwen3",
		{ layer_types: Array(3).fill("sliding_attention") },
		'layer 0 is "sliding_attention", but there is no sliding_window in use',
	],
	["rand-qwen3", { rope_parameters: { rope_type: "yarn", factor: 4 } }, "rope_parameters.rope_type"],
	["rand-mistral-sliding", { layer_types: [] }, 'unknown key "layer_types"'],
	["rand-gemma", { use_bidirectional_attention: true }, "use_bidirectional_attention"],
	["rand-gemma2", { sliding_window: null }, "there is no sliding_window in use"],
	["rand-gemma2", { query_pre_attn_scalar: -1 }, "query_pre_attn_scalar"],
	["rand-gemma2", { sliding_window_size: 7 }, "sliding_window_size 7 differs from sliding_window 5"],
	["rand-gemma3", { use_bidirectional_attention: true }, "use_bidirectional_attention"],
	["rand-gemma3", { layer_types: ["chunked_attention"] }, "layer_types.0"],
	["rand-gemma3", { attn_logit_softcapping: 30 }, "attn_logit_softcapping"],
	[
		"rand-phi3",
		{ rope_parameters: { rope_type: "longrope" } },
		"short_factor has 0 entries for 4 frequencies",
	],
	["rand-phi3", { rope_parameters: { rope_type: "linear", factor: 2 } }, "rope_parameters.rope_type"],
	["rand-phi3", { partial_rotary_factor: 0.9, rope_parameters: undefined }, "leaves 7 of 8 channels"],
	["rand-olmo2", { clip_qkv: 8 }, 'unknown key "clip_qkv"'],
	["rand-smollm3", { no_rope_layers: [1] }, "no_rope_layers has 1 entries for 3 layers"],
])("%s with %j is refused", async (folder, change, message) => {
	await expect(parse(folder, change)).rejects.toThrow(message);
	await expect(parse(folder, change)).rejects.toThrow(/^config\.json \(\w+\): [^\n]+$/);
});

test("Gemma's GELU is the tanh form, whatever old configurations call it", async () => {
	const act = async (change: Record<string, unknown>): Promise<string> =>
		(await parse("rand-gemma", change)).activation;
	expect(await act({ hidden_act: "gelu" })).toBe("gelu_pytorch_tanh");
	expect(await act({ hidden_act: "gelu", hidden_activation: "relu" })).toBe("relu");
	expect(await act({ hidden_act: undefined })).toBe("gelu_pytorch_tanh");
	expect(await act({ hidden_act: "silu" })).toBe("silu");
});
