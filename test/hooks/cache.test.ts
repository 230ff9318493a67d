/** Laws of the activation cache: parts of the residual stream add up, slices agree with runs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	ActivationCache,
	loadModel,
	type Model,
	type ResidualStack,
	Tensor,
	writeSafetensors,
} from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const ids = [
	[5, 9, 23, 5, 9, 40],
	[3, 3, 11, 60, 31, 5],
];

/** A cache of these tensors, with the axes that their points have. */
function cacheOf(tensors: ReadonlyMap<string, Tensor<"float32">>): ActivationCache {
	return new ActivationCache(tensors, { nLayers: 2, norm: "layer", hasPoint: (name) => tensors.has(name) });
}

function total({ values }: ResidualStack): Tensor {
	const [first, ...rest] = Array.from({ length: values.shape[0] as number }, (_, i) => values.select(i));
	const sum = Float32Array.from((first as Tensor<"float32">).data);
	for (const { data } of rest)
		for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (data[i] as number);
	return new Tensor("float32", (first as Tensor).shape, sum);
}

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", (folder) => {
	let model: Model;
	let cache: ActivationCache;
	beforeAll(async () => {
		model = await loadModel(referencePath("lm", "models", folder), { engine });
		const names = [/./, /hook_result$/];
		cache = (await model.runWithCache(ids, { names })).cache;
	});

	test("parts of consecutive positions join to the whole; keys that a part lacks are unseen", () => {
		const parts = [cache.slicePositions(0, 2), cache.slicePositions(2, 3), cache.slicePositions(3)];
		for (const [name, joined] of ActivationCache.join(parts)) {
			const { data, shape } = cache.get(name);
			expect(joined.shape, name).toEqual(shape);
			expect(joined.data, name).toEqual(data);
		}
		const pattern = "blocks.1.attn.hook_pattern";
		const fewer = cache.pick([pattern]).toMap().get(pattern) as Tensor<"float32">;
		const early = new Map([[pattern, fewer.slice(2, 0, 4).slice(3, 0, 4)]]);
		const [first] = cache.names;
		const seen = ActivationCache.join([cacheOf(early), cache.pick([pattern]).slicePositions(4)], 1);
		expect(seen.get(pattern).shape.at(-1)).toBe((ids[0]?.length ?? 0) - 1);
		expect(seen.get(pattern).data).toEqual(fewer.slice(3, 1).data);
		expect(() => ActivationCache.join([])).toThrow("no activation cache to join");
		const different = [cache.pick([pattern]), cache.pick([first as string])];
		expect(() => ActivationCache.join(different)).toThrow(/caches of different points/);
		expect(() => cache.pick(["blocks.9.hook_z"])).toThrow(/no hook point/);
	});

	test("decomposeResid adds up to the residual stream at every layer", () => {
		for (let l = 0; l <= model.config.nLayers; l++) {
			const stream = l === model.config.nLayers ? cache.get("resid_post", -1) : cache.get("resid_pre", l);
			expect(difference(total(cache.decomposeResid(l)), stream).maxAbs).toBeLessThan(1e-4);
		}
	});

	test("stackHeadResults with the remainder adds up to the residual stream", () => {
		const { nLayers, nHeads } = model.config;
		for (let l = 1; l <= nLayers; l++) {
			const stack = cache.stackHeadResults(l, { inclRemainder: true });
			expect(stack.labels).toHaveLength(l * nHeads + 1);
			const stream = l === nLayers ? cache.get("resid_post", -1) : cache.get("resid_pre", l);
			expect(difference(total(stack), stream).maxAbs).toBeLessThan(1e-4);
		}
	});

	test("accumulatedResid holds the stream before each layer", () => {
		const stack = cache.accumulatedResid(undefined, { inclMid: true });
		expect(stack.labels).toEqual(["0_pre", "0_mid", "1_pre", "1_mid", "2_pre", "2_mid", "final_post"]);
		expect(difference(stack.values.select(3), cache.get("resid_mid", 1)).maxAbs).toBe(0);
	});

	test("applyLn divides as the frozen norm of that layer did", () => {
		const stack = cache.decomposeResid(1, { applyLn: true });
		expect(difference(total(stack), cache.get("normalized", 1, "ln1")).maxAbs).toBeLessThan(1e-4);
		const final = cache.accumulatedResid(undefined, { applyLn: true });
		expect(difference(final.values.select(3), cache.get("ln_final.hook_normalized")).maxAbs).toBeLessThan(
			1e-5,
		);
	});

	test("names: full, alias, shorthand, negative layers; anything else lists the nearest", () => {
		const pattern = cache.get("blocks.2.attn.hook_pattern");
		expect(cache.get("pattern", 2)).toBe(pattern);
		expect(cache.get("pattern", -1)).toBe(pattern);
		expect(cache.get("attn", 2)).toBe(pattern);
		expect(cache.get("blocks.2.hook_in")).toBe(cache.get("resid_pre", 2));
		expect(cache.get("scale")).toBe(cache.get("ln_final.hook_scale"));
		expect(() => cache.get("pattern", 3)).toThrow("layer: got 3, allowed 0..2");
		expect(() => cache.get("blocks.1.attn.hook_patern")).toThrow(
			/no hook point.*blocks\.1\.attn\.hook_pattern/,
		);
	});

	test("slices of batch and positions", async () => {
		const { cache: second } = await model.runWithCache([ids[1] as number[]]);
		for (const [name, tensor] of second) {
			expect(difference(cache.sliceBatch(1).get(name), tensor).maxAbs, name).toBeLessThan(1e-5);
		}
		expect(cache.slicePositions(2, 4).get("pattern", 0).shape).toEqual([2, 4, 2, 6]);
		expect(cache.slicePositions(-1).get("q", 0).shape.slice(0, 2)).toEqual([2, 1]);
	});

	test("saved and read again it is the same", async () => {
		const again = await ActivationCache.fromSafetensors(cache.toSafetensors());
		expect(again.names.sort()).toEqual(cache.names.sort());
		for (const [name, tensor] of again) {
			expect(difference(tensor, cache.get(name)).maxAbs, name).toBe(0);
			expect(tensor.axes, name).toEqual(cache.get(name).axes);
		}
		const [mine, saved] = [cache, again].map((c) => c.decomposeResid(undefined, { applyLn: true }));
		expect(difference(saved?.values as Tensor, mine?.values as Tensor).maxAbs).toBe(0);
		const foreign = writeSafetensors(new Map([["x", Tensor.from([1])]]));
		await expect(ActivationCache.fromSafetensors(foreign)).rejects.toThrow("not a saved activation cache");
	});
});
