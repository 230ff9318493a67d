/** Families with LayerNorm and plain MLPs: what their configurations say, and what parallel blocks and blocks of attention alone mean for the stream. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import { ActivationCache } from "../../src/hooks/activation-cache.js";
import { difference, loadModel, type Model, Tensor } from "../../src/index.js";
import { directAttribution, logitLens } from "../../src/lens/index.js";
import { resolveModel } from "../../src/models/resolve.js";
import { rotate, rotation } from "../../src/nn/rope.js";
import { foldLayerNorm } from "../../src/processing/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Random } from "../../src/tensor/index.js";
import { type Checkpoint, openCheckpointFiles } from "../../src/weights/index.js";
import { makeModel } from "../random-models.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40, 7, 11],
	[3, 3, 11, 60, 31, 5, 2, 8],
];

const PARALLEL = ["rand-gptneox", "rand-gptj", "rand-phi"];
const SEQUENTIAL = ["rand-gptneox-sequential", "rand-gptneo-local", "rand-opt"];
const ATTENTION = ["hooked-shortformer", "hooked-unnormed"];

test.each([...PARALLEL, ...SEQUENTIAL, ...ATTENTION])(
	"the stream of %s is the sum of what is written to it",
	async (name) => {
		await using model = await load(name);
		const { cache } = await model.runWithCache(ids, { names: [/./, /hook_result$/] });
		const saved = await ActivationCache.fromSafetensors(cache.toSafetensors());
		for (const one of [cache, saved]) {
			for (const parts of [one.decomposeResid(), one.stackHeadResults(undefined, { inclRemainder: true })]) {
				const { data, shape } = parts.values;
				const [count, ...rest] = shape as [number, number, number, number];
				const size = rest.reduce((a, b) => a * b, 1);
				const sum = Float32Array.from({ length: size }, (_, i) => {
					let total = 0;
					for (let part = 0; part < count; part++) total += data[part * size + i] as number;
					return total;
				});
				const { maxAbs, scale } = difference(new Tensor("float32", rest, sum), one.get("resid_post", -1));
				expect(maxAbs, parts.labels.join()).toBeLessThanOrEqual(1e-5 * Math.max(1, scale));
			}
		}
	},
);

test.each([...PARALLEL, ...SEQUENTIAL, ...ATTENTION])(
	"%s has the points between its parts, and no others",
	async (name) => {
		await using model = await load(name);
		const points = new Set(model.hookPoints().map((point) => point.name.replace(/\.\d+\./, ".0.")));
		const has = (point: string): boolean => points.has(`blocks.0.${point}`);
		expect(has("hook_resid_mid")).toBe(SEQUENTIAL.includes(name));
		expect(has("hook_mlp_out")).toBe(!ATTENTION.includes(name));
		expect(has("ln2.hook_scale")).toBe(["rand-gptneox", ...SEQUENTIAL].includes(name));
		expect(has("hook_mlp_in")).toBe(!ATTENTION.includes(name));
		if (SEQUENTIAL.includes(name)) return;
		await expect(logitLens(model, ids, { at: ["resid_mid"] })).rejects.toThrow(
			'no hook point matches "blocks.0.hook_resid_mid"',
		);
	},
);

test.each(PARALLEL)(
	"%s: what the MLP reads can be replaced apart from what attention reads",
	async (name) => {
		await using model = await load(name);
		const names = ["blocks.1.hook_attn_out", "blocks.1.hook_mlp_out"];
		const { cache } = await model.runWithCache(ids, { names });
		const changed = async (point: string): Promise<number[]> => {
			const hooks = { [`blocks.1.${point}`]: (v: never, g: typeof ops) => g.mul(g.sin(v), 2) };
			const run = await model.runWithCache(ids, { names, hooks: hooks as never });
			return names.map((at) => difference(run.cache.get(at), cache.get(at)).maxAbs);
		};
		const [first, second] = [await changed("hook_mlp_in"), await changed("hook_q_input")];
		expect(first[0]).toBe(0);
		expect(first[1]).toBeGreaterThan(1e-2);
		expect(second[0]).toBeGreaterThan(1e-2);
		expect(second[1]).toBe(0);
	},
);

test("shortformer positions reach queries and keys of every layer, and nothing else", async () => {
	await using model = await load("hooked-shortformer");
	const names = [/hook_(q|v|pos_embed|resid_pre)$/];
	const { cache } = await model.runWithCache(ids, { names });
	const hooks = { hook_pos_embed: (v: never, g: typeof ops) => g.mul(v, 0) };
	const { cache: changed } = await model.runWithCache(ids, { names, hooks: hooks as never });
	const far = (name: string): number => difference(changed.get(name), cache.get(name)).maxAbs;
	expect(far("blocks.0.hook_resid_pre")).toBe(0);
	expect(far("blocks.0.attn.hook_v")).toBe(0);
	expect(far("blocks.0.attn.hook_q")).toBeGreaterThan(1e-2);
	expect(far("blocks.1.attn.hook_q")).toBeGreaterThan(1e-2);
	// a run from a layer on has them too
	const { logits } = await model.runWithCache(ids);
	const resid = await model.run(ids, { stopAtLayer: 1 });
	expect(difference(await model.run(resid, { startAtLayer: 1 }), logits).maxAbs).toBe(0);
	const { parts } = await directAttribution(model, ids, { answers: 5 });
	expect(parts.map(({ label }) => label)).toEqual(["embed", "0_attn_out", "1_attn_out", "unembed.b_U"]);
});

test("a norm that positions are added behind is not folded", async () => {
	const sizes = { n_layers: 1, d_model: 8, d_head: 4, n_heads: 2, n_ctx: 12, d_vocab: 23, attn_only: true };
	const config = { ...sizes, normalization_type: "LN", positional_embedding_type: "shortformer" };
	await using model = await makeModel({ family: "hooked_transformer", config, seed: 1 }, engine);
	await expect(foldLayerNorm(model)).rejects.toThrow(
		"foldLayerNorm: positions are added to what blocks.0.ln1 gives (shortformer)",
	);
});

test("neighbours turn as halves do when their channels are put there", () => {
	const [batch, pos, heads, width, dim] = [2, 3, 2, 10, 6];
	const random = new Random(3);
	const x = Tensor.zeros([batch, pos, heads, width]);
	for (let i = 0; i < x.size; i++) x.data[i] = random.normal();
	// channel 2i to i, channel 2i + 1 to i + dim / 2
	const place = (c: number): number => (c >= dim ? c : (c % 2) * (dim / 2) + Math.floor(c / 2));
	const moved = Tensor.zeros(x.shape);
	for (let i = 0; i < x.size; i++) {
		const c = i % width;
		moved.data[i - c + place(c)] = x.data[i] as number;
	}
	const turned = (pairs: "halves" | "neighbours", given: Tensor<"float32">): Tensor => {
		const value = ops.input("x", "float32", [batch, pos, heads, width]);
		const positions = ops.constant(Tensor.from([0, 4, 9], "int32"));
		const out = rotate(value, rotation(positions, { theta: 100, dim, pairs }));
		return evaluate(graphOf({ out }), { x: given }).get("out") as Tensor;
	};
	const [own, other] = [turned("neighbours", x), turned("halves", moved)];
	for (let i = 0; i < x.size; i++) {
		const c = i % width;
		expect(own.data[i]).toBeCloseTo(other.data[i - c + place(c)] as number, 6);
	}
});

/** A folder's checkpoint with other keys, and perhaps tensors of other names. */
async function checkpoint(
	name: string,
	change: Record<string, unknown> = {},
	renamed = (entry: string): string => entry,
): Promise<Checkpoint> {
	const bytes = (file: string): Uint8Array => readFileSync(referencePath("lm", "models", name, file));
	const opened = await openCheckpointFiles(
		["config.json", "model.safetensors"].map((file) => ({
			name: file,
			source: { bytes: bytes(file), name: file },
		})),
	);
	const changed = Object.entries({ ...(opened.config as object), ...change }).filter(
		([, v]) => v !== undefined,
	);
	const entries = new Map([...opened.entries].map(([entry, at]) => [renamed(entry), at]));
	return { ...opened, origin: name, entries, config: Object.fromEntries(changed) };
}

describe("a configuration", () => {
	test.each([
		[
			"rand-gptneox",
			{ rope_parameters: undefined, rotary_pct: 0.5, rotary_emb_base: 500 },
			{ rope: { theta: 500, dim: 8 } },
		],
		["rand-gptneox", { rope_parameters: undefined }, { rope: { theta: 10000, dim: 4 }, parallel: true }],
		["rand-gptneo-local", {}, { windows: [undefined, 4, undefined, 4], scale: 1 }],
		["rand-gptneo-local", { attention_layers: undefined }, { windows: [undefined, 4, undefined, 4] }],
		[
			"rand-gptneo-local",
			{
				attention_layers: null,
				attention_types: [
					[["local"], 3],
					[["global"], 1],
				],
			},
			{ windows: [4, 4, 4, undefined] },
		],
		[
			"rand-phi",
			{ partial_rotary_factor: 0.25, rope_parameters: undefined },
			{ rope: { theta: 10000, dim: 2 } },
		],
		["hooked-shortformer", { n_heads: -1 }, { nHeads: 4, attentionScale: [10 ** -0.5, 10 ** -0.5] }],
		[
			"hooked-shortformer",
			{ scale_attn_by_inverse_layer_idx: true, attn_scale: 2 },
			{ attentionScale: [0.5, 0.25] },
		],
	])("of %s with %j", async (name, change, expected) => {
		expect((await resolveModel(await checkpoint(name, change))).config).toMatchObject(expected);
	});

	test.each([
		[
			"rand-gptneox",
			{ rope_parameters: { partial_rotary_factor: 0.2 } },
			"3 of 16 channels are to be rotated",
		],
		["rand-gptneox", { rope_parameters: { rope_type: "yarn", factor: 2 } }, "rope_parameters.rope_type"],
		["rand-gptneox", { num_attention_heads: 5 }, "64 channels are not a multiple of 5 heads"],
		["rand-gptneox", { some_switch: true }, 'unknown key "some_switch", which may change the result'],
		[
			"rand-gptj",
			{ rotary_dim: 20 },
			"20 of 16 channels are to be rotated, allowed even numbers from 2 to 16",
		],
		["rand-gptj", { rotary_dim: null }, "rotary_dim: "],
		["rand-gptj", { scale_attn_weights: false }, "scale_attn_weights: "],
		[
			"rand-gptneo-local",
			{ attention_layers: ["global"] },
			"attention_layers names 1 layers, but num_layers is 4",
		],
		["rand-gptneo-local", { attention_layers: ["sparse"] }, "attention_layers.0: "],
		[
			"rand-gptneo-local",
			{ attention_layers: null, attention_types: [[["local"], 3]] },
			"attention_types names 3 layers",
		],
		[
			"rand-gptneo-local",
			{ attention_layers: null, attention_types: [[["local"], 1e9]] },
			"attention_types.0.1: ",
		],
		["rand-opt", { do_layer_norm_before: false }, "do_layer_norm_before: "],
		[
			"rand-opt",
			{ word_embed_proj_dim: 16 },
			"word_embed_proj_dim 16 differs from hidden_size 32; not supported",
		],
		["rand-opt", { _remove_final_layer_norm: true }, "_remove_final_layer_norm: "],
		["rand-opt", { enable_bias: false }, "would not be used by a opt model"],
		["rand-phi", { qk_layernorm: true }, "qk_layernorm: "],
		["rand-phi", { num_key_value_heads: 3 }, "4 heads are not a multiple of 3 kv heads"],
		["hooked-shortformer", { architectures: undefined }, 'add "architectures": ["HookedTransformer"]'],
		["hooked-shortformer", { positional_embedding_type: "rotary" }, "positional_embedding_type: "],
		["hooked-shortformer", { normalization_type: "RMS" }, "normalization_type: "],
		[
			"hooked-shortformer",
			{ attn_only: false, act_fn: null },
			"act_fn is missing, which a model with MLPs needs",
		],
		["hooked-shortformer", { attn_only: false, act_fn: "solu_ln" }, "act_fn: "],
		["hooked-shortformer", { attention_dir: "bidirectional" }, "attention_dir: "],
		["hooked-shortformer", { d_vocab_out: 5 }, "d_vocab_out 5 differs from d_vocab 83; not supported"],
		[
			"hooked-shortformer",
			{ n_key_value_heads: 2 },
			"n_key_value_heads 2 differs from n_heads 4; not supported",
		],
		["hooked-shortformer", { gated_mlp: true }, "gated_mlp: "],
		["hooked-shortformer", { use_local_attn: true }, "use_local_attn: "],
		["hooked-shortformer", { attn_scores_soft_cap: 30 }, "attn_scores_soft_cap: "],
		["hooked-shortformer", { normalization_type: "LN" }, 'tensor "blocks.0.ln1.w" is missing'],
	])("of %s with %j is refused", async (name, change, message) => {
		const asked = resolveModel(await checkpoint(name, change));
		await expect(asked).rejects.toThrow(message);
		await expect(asked).rejects.toThrow(/^[^\n]+$/);
	});
});

test.each([
	["rand-gptneo-local", (name: string) => name.replace("transformer.", "")],
	["rand-opt", (name: string) => name.replace("model.decoder.", "decoder.")],
	["rand-phi", (name: string) => name.replace(/^model\./, "")],
])("%s: names of a file of the model without its head are understood", async (name, renamed) => {
	const { weights } = await resolveModel(await checkpoint(name, {}, renamed));
	const { weights: whole } = await resolveModel(await checkpoint(name));
	expect(weights.tensors.map((tensor) => tensor.name)).toEqual(whole.tensors.map((tensor) => tensor.name));
});
