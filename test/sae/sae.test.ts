/** Autoencoders of every architecture against a plain computation: their features, and what changing them does. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { difference, type Intervention, loadModel, type Model, Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { loadSae, type Sae, saeFeatures, topFeatures } from "../../src/sae/index.js";
import { Folder } from "../cli/run-cli.js";
import { referencePath } from "../reference-data.js";
import { decodePlain, encodePlain, type PlainSae, randomSae, writeSae } from "./plain-sae.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const gpt2 = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

const ids = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 3, 11, 60, 31, 5, 2],
];
const D = gpt2.config.dModel;
const resid = { d_in: D, d_sae: 24, hook_name: "blocks.1.hook_resid_pre" };
const v6 = {
	d_in: D,
	d_sae: 24,
	metadata: { hook_name: "blocks.1.hook_resid_pre", sae_lens_version: "6.21.0" },
};
const transcoder = {
	d_in: D,
	d_out: D,
	d_sae: 24,
	apply_b_dec_to_input: false,
	metadata: { hook_name: "blocks.1.ln2.hook_normalized", hook_name_out: "blocks.1.hook_mlp_out" },
};
const CASES: [string, PlainSae["cfg"]][] = [
	[
		"standard",
		{ ...resid, architecture: "standard", activation_fn_str: "relu", hook_layer: 1, prepend_bos: true },
	],
	[
		"standard of an early version",
		{ d_in: D, d_sae: 24, hook_point: "blocks.1.hook_resid_pre", dtype: "torch.float32" },
	],
	["b_dec not subtracted", { ...v6, architecture: "standard", apply_b_dec_to_input: false }],
	["gated", { ...v6, architecture: "gated" }],
	["jumprelu", { ...v6, architecture: "jumprelu" }],
	["topk", { ...v6, architecture: "topk", k: 5 }],
	["topk of an early version", { ...resid, activation_fn_str: "topk", activation_fn_kwargs: { k: 3 } }],
	["topk by decoder norm", { ...v6, architecture: "topk", k: 5, rescale_acts_by_decoder_norm: true }],
	["constant norm", { ...v6, architecture: "standard", normalize_activations: "constant_norm_rescale" }],
	["layer norm", { ...v6, architecture: "jumprelu", normalize_activations: "layer_norm" }],
	[
		"heads side by side",
		{ ...v6, metadata: { hook_name: "blocks.1.attn.hook_z" }, reshape_activations: "hook_z" },
	],
	["transcoder", { ...transcoder, architecture: "transcoder" }],
	["skip transcoder", { ...transcoder, architecture: "skip_transcoder" }],
	["jumprelu skip transcoder", { ...transcoder, architecture: "jumprelu_skip_transcoder" }],
];

const far = (a: Tensor, b: Tensor): number => difference(a, b).maxAbs / Math.max(1, difference(a, b).scale);

/** The value at a point as [row][position] vectors; heads side by side. */
async function vectorsAt(model: Model, name: string): Promise<number[][][]> {
	const { cache } = await model.runWithCache(ids, { names: name });
	const value = cache.get(name);
	const [batch, pos] = value.shape as [number, number];
	return value.reshape([batch, pos, value.size / batch / pos]).toNested() as number[][][];
}

let made = 0;
async function load(plain: PlainSae, options = {}): Promise<Sae> {
	return loadSae(writeSae(folder.at(`sae-${made++}`), plain), options);
}

describe.each(CASES)("%s", (_, cfg) => {
	const plain = randomSae(cfg);
	const sae = load(plain);

	test("features and reconstruction are those of a plain computation", async () => {
		const { hookName, hookNameOut } = await sae;
		const found = await saeFeatures(gpt2, await sae, ids);
		const inputs = await vectorsAt(gpt2, hookName);
		const encoded = inputs.map((row) => row.map((x) => encodePlain(plain, x)));
		const features = Tensor.from(encoded.map((row) => row.map((one) => one.features)));
		expect(far(found.features, features)).toBeLessThanOrEqual(2e-5);
		const active = features.data.filter((f) => f > 0).length;
		expect(active).toBeGreaterThan(0);
		expect(active).toBeLessThan(features.size);
		const bias = Array.from((plain.tensors.b_dec as Tensor<"float32">).data);
		const skip = plain.tensors.W_skip;
		const reconstruction = encoded.map((row, b) =>
			row.map(({ features: f, back, mean }, p) => {
				const decoded = back(decodePlain(plain, f).map((v, i) => v + (bias[i] as number))).map(
					(v) => v + mean,
				);
				const x = inputs[b]?.[p] as number[];
				return decoded.map((v, i) => v + (skip ? x.reduce((sum, xj, j) => sum + skip.at(i, j) * xj, 0) : 0));
			}),
		);
		expect(far(found.reconstruction, Tensor.from(reconstruction))).toBeLessThanOrEqual(2e-5);
		expect(far(found.value, Tensor.from(await vectorsAt(gpt2, hookNameOut)))).toBe(0);
		const [best] = topFeatures(found.features, 1, 3);
		const row = encoded[1]?.[3]?.features as number[];
		expect(row[best?.feature as number]).toBeCloseTo(Math.max(...row), 4);
	});

	test.each([
		[[0, 3, 7], 0, undefined],
		[[2, 5, 11, 14, 20], 3, 0.5],
		["all", 0, undefined],
	] as const)(
		"features %j times %d change the value by what they write",
		async (chosen, factor, strength) => {
			const { hookName, hookNameOut } = await sae;
			const inputs = await vectorsAt(gpt2, hookName);
			const outputs = await vectorsAt(gpt2, hookNameOut);
			const by = (factor - 1) * (strength ?? 1);
			const changed = outputs.map((row, b) =>
				row.map((y, p) => {
					const { features, back } = encodePlain(plain, inputs[b]?.[p] as number[]);
					const delta = back(
						decodePlain(
							plain,
							features.map((f, i) =>
								chosen === "all" || (chosen as readonly number[]).includes(i) ? f * by : 0,
							),
						),
					);
					return y.map((v, i) => v + (p === 4 ? 0 : (delta[i] as number)));
				}),
			);
			const intervention: Intervention = {
				kind: "sae",
				dictionary: "mine",
				features: chosen,
				factor,
				positions: [0, 1, 2, 3, 5, 6],
				...(strength !== undefined && { strength }),
			};
			const options = { interventions: [intervention], dictionaries: { mine: await sae } };
			const { cache, logits } = await gpt2.runWithCache(ids, { ...options, names: hookNameOut });
			const got = cache.get(hookNameOut);
			expect(far(got, Tensor.from(changed).reshape(got.shape))).toBeLessThanOrEqual(2e-5);
			const replaced = await gpt2.run(ids, {
				hostHooks: [[hookNameOut, () => Tensor.from(changed).reshape(got.shape)]],
			});
			expect(far(logits, replaced)).toBeLessThanOrEqual(5e-5);
			expect(far(logits, await gpt2.run(ids))).toBeGreaterThan(1e-4);
		},
	);
});

test("a factor of 1 changes nothing, and another choice of features compiles nothing", async () => {
	const dictionaries = { mine: await load(randomSae({ ...v6, architecture: "jumprelu" })) };
	const clean = await gpt2.run(ids);
	const run = (features: number[], factor = 0): Promise<Tensor> =>
		gpt2.run(ids, { dictionaries, interventions: [{ kind: "sae", dictionary: "mine", features, factor }] });
	expect(far(await run([1, 2, 3], 1), clean)).toBe(0);
	const runs = vi.spyOn(engine, "run");
	for (const features of [
		[0, 1, 2],
		[9, 8, 7, 6],
		[5, 5, 4, 3],
	])
		await run(features);
	dictionaries.mine = await load(randomSae({ ...v6, architecture: "jumprelu" }, 9));
	await run([1, 2, 3]);
	expect(new Set(runs.mock.calls.map(([{ program }]) => program.key)).size).toBe(1);
	runs.mockRestore();
});

test("a scale of the activations goes into the weights", async () => {
	const plain = randomSae({ ...v6, architecture: "standard" });
	const scaled = { ...plain, cfg: { ...plain.cfg, normalize_activations: "expected_average_only_in" } };
	await expect(load(scaled)).rejects.toThrow(/give it as "activationScale"/);
	const sae = await load(scaled, { activationScale: 0.25 });
	const { features, reconstruction } = await saeFeatures(gpt2, sae, ids);
	const inputs = await vectorsAt(gpt2, sae.hookName);
	const expected = inputs.map((row) =>
		row.map(
			(x) =>
				encodePlain(
					plain,
					x.map((v) => v * 0.25),
				).features,
		),
	);
	expect(far(features, Tensor.from(expected))).toBeLessThanOrEqual(2e-5);
	const bias = (plain.tensors.b_dec as Tensor<"float32">).data;
	const decoded = expected.map((row) =>
		row.map((f) => decodePlain(plain, f).map((v, i) => (v + (bias[i] as number)) / 0.25)),
	);
	expect(far(reconstruction, Tensor.from(decoded))).toBeLessThanOrEqual(2e-5);
});

test("float16 weights and a factor of ones are read, other tensors refused", async () => {
	const plain = randomSae(resid);
	const ones = { ...plain, tensors: { ...plain.tensors, scaling_factor: Tensor.full([24], 1) } };
	await load(ones);
	const twos = { ...plain, tensors: { ...plain.tensors, scaling_factor: Tensor.full([24], 2) } };
	await expect(load(twos)).rejects.toThrow(/scaling_factor" holds factors other than 1/);
	const extra = { ...plain, tensors: { ...plain.tensors, W_more: Tensor.zeros([2]) } };
	await expect(load(extra)).rejects.toThrow(/tensor "W_more" would not be used by "standard"/);
	const { b_enc: _, ...less } = plain.tensors;
	await expect(load({ ...plain, tensors: less })).rejects.toThrow(/tensor "b_enc" is missing/);
	const turned = { ...plain, tensors: { ...plain.tensors, W_enc: Tensor.zeros([24, D]) } };
	await expect(load(turned)).rejects.toThrow(`tensor "W_enc" has shape [24, ${D}], expected [${D}, 24]`);
});

test.each<[string, Record<string, unknown>, RegExp]>([
	[
		"an architecture",
		{ architecture: "temporal" },
		/architecture: got "temporal", allowed standard, gated, jumprelu, topk/,
	],
	["a key", { squared_activations: true }, /unknown key "squared_activations", which may change the result/],
	["an activation", { activation_fn: "tanh-relu" }, /activation_fn: got "tanh-relu", allowed relu/],
	[
		"a normalization",
		{ normalize_activations: "mystery" },
		/normalize_activations: got "mystery", allowed none/,
	],
	["one head", { hook_head_index: 3 }, /hook_head_index/],
	["fine-tuning", { finetuning_scaling_factor: true }, /finetuning_scaling_factor/],
	["no k", { architecture: "topk" }, /k: got null, allowed whole numbers 1\.\.24/],
	["too large a k", { architecture: "topk", k: 25 }, /k: got 25/],
	["no width", { d_in: undefined }, /d_in/],
	["no point", { hook_name: undefined }, /names no hook point/],
	["no target", { architecture: "transcoder", apply_b_dec_to_input: false }, /without "hook_name_out"/],
	[
		"a bias of another point",
		{ architecture: "transcoder", hook_name_out: "x", apply_b_dec_to_input: true },
		/apply_b_dec_to_input/,
	],
	["another width out", { d_out: 3 }, /d_out 3 differs from d_in/],
	["scaled activations", { rescale_acts_by_decoder_norm: true }, /goes with "topk"/],
])("a configuration with %s that is not understood is refused", async (_, change, message) => {
	const cfg = JSON.parse(JSON.stringify({ ...resid, ...change })) as PlainSae["cfg"];
	const { tensors } = randomSae(resid);
	await expect(load({ cfg, tensors })).rejects.toThrow(message);
});

test("what does not fit the model or the run is refused", async () => {
	const mine = await load(randomSae(resid));
	const dictionaries = { mine };
	const change = (more: object): Intervention => ({
		kind: "sae",
		dictionary: "mine",
		features: [0],
		...more,
	});
	const refused = async (
		model: Model,
		more: object,
		message: RegExp,
		given: object = { dictionaries },
	): Promise<void> =>
		expect(model.run(ids, { ...given, interventions: [change(more)] })).rejects.toThrow(message);
	await refused(gpt2, { dictionary: "mien" }, /no dictionary "mien"; nearest: mine/);
	await refused(gpt2, {}, /no dictionary "mine"; it has none/, {});
	await refused(gpt2, { features: [24] }, /features: got 24, "mine" has features 0\.\.23/);
	await refused(gpt2, { features: [] }, /features/);
	await refused(gpt2, { strength: 2 }, /strength/);
	const wide = { dictionaries: { mine: await load(randomSae({ ...resid, d_in: D + 1 })) } };
	const widths = new RegExp(
		`made for ${D + 1} numbers, "blocks.1.hook_resid_pre" has \\[batch, pos, ${D}\\]`,
	);
	await refused(gpt2, {}, widths, wide);
	const far = await load(randomSae({ ...resid, hook_name: "blocks.9.hook_resid_pre" }));
	await refused(gpt2, {}, /belongs to "blocks.9.hook_resid_pre", which the model has not; nearest: /, {
		dictionaries: { mine: far },
	});
	await expect(saeFeatures(gpt2, far, ids)).rejects.toThrow(/no hook point matches "blocks.9/);
	const optional = { ...transcoder, architecture: "transcoder" };
	const reads = await load(
		randomSae({
			...optional,
			metadata: { hook_name: "blocks.1.hook_mlp_in", hook_name_out: "blocks.1.hook_mlp_out" },
		}),
	);
	await refused(gpt2, {}, /computed only when asked for by name/, { dictionaries: { mine: reads } });
	await expect(loadSae(folder.at("nowhere"))).rejects.toThrow(/nowhere/);
});
