/** The regression transformer against the original's numbers, and what it must do by itself. */
import { afterAll, describe, expect, it } from "vitest";
import * as ops from "../../src/graph/ops/index.js";
import type { G, ModuleFn } from "../../src/graph/trace.js";
import type { Value } from "../../src/graph/value.js";
import {
	cachedPaths,
	initialWeights,
	RegressionModel,
	regressionConfig,
} from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import { expectClose, type SmallConfig } from "./support.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const TOLERANCE = 1e-5;
const softmaxPath = "token_sequence_transformer.blocks.0.attention.attention_softmax";

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const read = (file: string) => referenceTensors("icl", "small", folder, file);
	const reference = referenceJson<SmallConfig & { cache_order: [string, number[]][] }>(
		"icl",
		"small",
		folder,
		"config.json",
	);
	const config = regressionConfig(reference.task_config);
	const inputs = await read("inputs.safetensors");
	const outputs = await read("outputs.safetensors");
	const weights = await read("weights.safetensors");
	const model = await RegressionModel.fromStateDict(config, weights, { engine });
	const at = (name: string): Tensor => inputs.get(name) as Tensor;
	const [xs, ys] = [at("xs"), at("ys")];

	it("predicts", async () => {
		expectClose(await model.predict(xs, ys), outputs.get("ys_pred"), TOLERANCE);
		expectClose(await model.predict(at("x_trick"), at("y_trick")), outputs.get("trick.ys_pred"), TOLERANCE);
	});

	it("keeps every activation of the original, in its order", async () => {
		const { predictions, cache } = await model.runWithCache(xs, ys);
		expectClose(predictions, outputs.get("ys_pred"), TOLERANCE);
		const order = reference.cache_order.map(([name]) => name);
		expect(cache.names.slice(0, order.length)).toEqual(order);
		expect(cachedPaths(config)).toEqual(order);
		for (const [name, shape] of reference.cache_order) {
			expect(cache.get(name).shape, name).toEqual(shape);
			expectClose(cache.get(name), outputs.get(`act.${name}`), TOLERANCE);
		}
	});

	it("has the usual hook points", async () => {
		const { cache } = await model.runWithCache(xs, ys);
		for (let layer = 0; layer < config.nLayers; layer++) {
			const block = `token_sequence_transformer.blocks.${layer}`;
			for (const [name, part] of [
				["q", "q"],
				["k", "k"],
				["v", "v"],
				["z", "mixed_heads"],
			] as const) {
				const perHead = cache.get(name, layer).transpose([0, 2, 1, 3]);
				expectClose(perHead, outputs.get(`derived.block${layer}.${part}`), TOLERANCE);
			}
			expectClose(cache.get("pattern", layer), cache.get(`${block}.attention.attention_softmax`), 0);
			expectClose(cache.get("resid_mid", layer), cache.get(`${block}.resid_after_attn`), 0);
			expectClose(cache.get("post", layer), cache.get(`${block}.compute.1`), 0);
			// the stream counts a block's input twice
			const [pre, out] = [cache.get("resid_pre", layer).data, cache.get(block).data];
			expectClose(
				cache.get("resid_post", layer),
				new Tensor(
					"float32",
					cache.get(block).shape,
					pre.map((v, i) => v + (out[i] as number)),
				),
				TOLERANCE,
			);
		}
	});

	it("takes its residual stream apart with the right coefficients", async () => {
		const names = [/hook_/, "blocks.*.attn.hook_result"];
		const { cache } = await model.runWithCache(xs, ys, { names });
		const stream = cache.get("resid_post", -1);
		for (const { values } of [
			cache.decomposeResid(),
			cache.stackHeadResults(undefined, { inclRemainder: true }),
		]) {
			const total = new Float32Array(stream.size);
			for (let i = 0; i < values.size; i++)
				total[i % stream.size] = (total[i % stream.size] as number) + (values.data[i] as number);
			expectClose(new Tensor("float32", stream.shape, total), stream, 1e-4);
		}
	});

	it("runs with fewer examples", async () => {
		const short = await model.predict(xs.slice(1, 0, 3), ys.slice(1, 0, 3));
		expectClose(short, outputs.get("ys_pred")?.slice(1, 0, 3), TOLERANCE);
	});

	it("starts with the original's weights", async () => {
		const initial = await read("weights_init.safetensors");
		const fresh = await RegressionModel.fresh(config, 0, { engine });
		const state = await fresh.stateDict();
		expect([...state.keys()]).toEqual(
			Object.keys(referenceJson<{ state_dict: object }>("icl", "small", folder, "config.json").state_dict),
		);
		for (const [name, tensor] of state) {
			if (name.endsWith("causal_mask")) expect(tensor.data).toEqual(initial.get(name)?.data);
			else expectClose(tensor, initial.get(name), 1e-6);
		}
	});

	it("runs with patterns in place of heads' own", async () => {
		const patched = await read("patched.safetensors");
		const { mapping } = referenceJson<{ mapping: Record<string, "head_2" | "head_3"> }>(
			"icl",
			"small",
			folder,
			"patched.json",
		);
		const patches = {
			[softmaxPath]:
				(softmax: ModuleFn): ModuleFn =>
				(scores) => {
					const rows = ops.split(softmax(scores), 1, Array<number>(config.nHeads).fill(1));
					const heads = rows.map((row, h) => {
						const pattern = mapping[h] && patched.get(mapping[h]);
						return pattern ? ops.expand(ops.constant(pattern), row.shape) : row;
					});
					return ops.concat(heads, 1);
				},
		};
		expectClose(await model.predict(xs, ys, { patches, concrete: true }), patched.get("ys_pred"), TOLERANCE);
		for (const kind of ["pretrain", "true"]) {
			const predicted = await model.predict(at(`${kind}_xs`), at(`${kind}_ys`), { patches, concrete: true });
			expectClose(predicted, patched.get(`${kind}_pred`), TOLERANCE);
		}
		const { cache } = await model.runWithCache(xs, ys, { patches, concrete: true });
		for (const [name, tensor] of patched) {
			if (name.startsWith("act.")) expectClose(cache.get(name.slice(4)), tensor, TOLERANCE);
		}
		expectClose(await model.predict(xs, ys), outputs.get("ys_pred"), TOLERANCE);
	});

	it("runs with heads ablated", async () => {
		const { heads } = referenceJson<{ heads: Record<string, { ys_pred_batch: number[][] }> }>(
			"icl",
			"small",
			folder,
			"ablated.json",
		);
		for (const [name, { ys_pred_batch }] of Object.entries(heads)) {
			const [, layer, head, kind] = /block_(\d+)\/head_(\d+)\/(zero|mean)/.exec(name) as RegExpExecArray;
			const without = (z: Value, g: G): Value => {
				const parts = [...g.split(z, 2, Array<number>(config.nHeads).fill(1))];
				const own = parts[Number(head)] as Value;
				parts[Number(head)] = kind === "zero" ? g.mul(own, 0) : g.expand(g.mean(own, 0), own.shape);
				return g.concat(parts, 2);
			};
			const got = await model.runWithHooks(xs, ys, { [`blocks.${layer}.attn.hook_z`]: without });
			expectClose(got, Tensor.from(ys_pred_batch).reshape(got.shape), TOLERANCE);
		}
	});
});

describe("a regression model", async () => {
	const task = { task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 12, num_heads: 2, num_layers: 2 };
	const config = regressionConfig(task);
	const xs = Tensor.from([
		[
			[1, 2, 3],
			[0, 1, 0],
			[2, 0, 1],
		],
	]);
	const ys = Tensor.from([[[1], [2], [3]]]);

	it("runs without norms", async () => {
		const plain = regressionConfig({ ...task, layer_norm: false });
		const model = await RegressionModel.fresh(plain, 0, { engine });
		const { cache } = await model.runWithCache(xs, ys);
		expect(cache.names).toContain("token_sequence_transformer.unembedding");
		expectClose(cache.get("token_sequence_transformer.blocks.1.layer_norms.0"), cache.get("resid_pre", 1), 0);
		expect(() => cache.get("scale", 0, "ln1")).toThrow(/no hook point/);
	});

	it("changes an activation by its module's path", async () => {
		const model = await RegressionModel.fresh(config, 1, { engine });
		const silent = (v: Value, g: G): Value => g.mul(v, 0);
		const byPath = await model.runWithHooks(xs, ys, {
			"token_sequence_transformer.blocks.1.compute.2": silent,
		});
		const byName = await model.runWithHooks(xs, ys, { "blocks.1.hook_mlp_out": silent });
		expectClose(byPath, byName, 0);
		expect(byPath.data).not.toEqual((await model.predict(xs, ys)).data);
	});

	it("refuses what does not fit", async () => {
		const model = await RegressionModel.fresh(config, 0, { engine });
		await expect(model.predict(Tensor.zeros([1, 5, 3]), Tensor.zeros([1, 5, 1]))).rejects.toThrow(
			"regression: 5 examples, allowed 1..4 (max_examples)",
		);
		await expect(model.predict(Tensor.zeros([1, 2, 4]), Tensor.zeros([1, 2, 1]))).rejects.toThrow(
			/expected task_size 3/,
		);
		await expect(model.predict(xs, ys, { patches: { "blocks.0.nothing": (f) => f } })).rejects.toThrow(
			/no module "blocks.0.nothing"/,
		);
		expect(() => regressionConfig({ ...task, num_heads: 3 })).toThrow(
			"regression: embed_size 8 is not a multiple of num_heads 3",
		);
		expect(() => regressionConfig({ ...task, num_layers: 0 })).toThrow(/num_layers 0, allowed whole numbers/);
		const weights = initialWeights(config, 0);
		const name = "token_sequence_transformer.unembedding.1.bias";
		const from = (state: ReadonlyMap<string, Tensor>) =>
			RegressionModel.fromStateDict(config, state, { engine });
		await expect(from(new Map([...weights].filter(([n]) => n !== name)))).rejects.toThrow(
			`state dict: 1 tensors missing (${name}), 0 unknown (none)`,
		);
		await expect(from(new Map([...weights, [name, Tensor.zeros([3])]]))).rejects.toThrow(
			`"${name}" is [3], expected [4]`,
		);
		const mask = "token_sequence_transformer.blocks.0.attention.causal_mask";
		await expect(from(new Map([...weights, [mask, Tensor.zeros([8, 8])]]))).rejects.toThrow(/causal mask/);
	});
});
