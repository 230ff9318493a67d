/** The notebook's module API: every module can be replaced and put back, on both kinds of models. */
import { afterAll, describe, expect, it } from "vitest";
import * as ops from "../../src/graph/ops/index.js";
import type { ModuleFn } from "../../src/graph/trace.js";
import { loadModel, Tensor } from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { hook, PatchError, patch, patch_, setHeadsTo, setHeadTo } from "../../src/patching/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { discreteTasks, Evaluator } from "../../src/tasks/regression/index.js";
import { expectClose, expectRelative, type SmallConfig } from "../icl/support.js";
import { dictionariesFor } from "../interventions/run-with-donors.js";
import { referenceFolders, referenceJson, referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const SOFTMAX = "token_sequence_transformer.blocks.0.attention.attention_softmax";
const small = async (folder: string) => {
	const { task_config: task } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const config = regressionConfig(task);
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	return {
		task,
		model: await RegressionModel.fromStateDict(config, weights, { engine }),
		fresh: await RegressionModel.fresh(config, 7, { engine }),
		xs: inputs.get("xs") as Tensor,
		ys: inputs.get("ys") as Tensor,
	};
};
const gpt2 = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
const llama = await loadModel(referencePath("lm", "models", "rand-llama-tied-gqa-theta5e5"), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40, 7, 7],
	[3, 3, 11, 60, 31, 5, 2, 90],
];
const same = (a: Tensor, b: Tensor): boolean => a.data.every((value, i) => Object.is(value, b.data[i]));
const halve =
	(original: ModuleFn): ModuleFn =>
	(...inputs) =>
		ops.mul(original(...inputs), 0.5);

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const { task, model, fresh, xs, ys } = await small(folder);
	const reference = await referenceTensors("icl", "small", folder, "patched.safetensors");
	const wanted = referenceJson<{
		mapping: Record<string, string>;
		before: Record<string, number>;
		after: Record<string, number>;
	}>("icl", "small", folder, "patched.json");

	it("does what the notebook does: two heads' patterns, the evaluator before and after, and reset", async () => {
		const heads = Object.fromEntries(
			Object.entries(wanted.mapping).map(([head, name]) => [head, reference.get(name) as Tensor]),
		);
		const evaluator = Evaluator.draw({
			prior: discreteTasks(task.num_tasks, task.task_size, task.pretrain_seed),
			noiseVariance: task.noise_variance,
			numExamples: task.max_examples,
			batchSize: 64,
			source: task.true_seed,
		});
		const measure = async () => (await evaluator.evaluate((x, y) => hooked.predict(x, y))).metrics;
		const hooked = hook(patch(model));
		const clean = await hooked.predict(xs, ys);
		expectRelative(await measure(), wanted.before, 1e-5);
		const softmax = hooked.token_sequence_transformer.blocks[0]?.attention.attention_softmax;
		if (!softmax) throw new Error("no first block");
		const layer = patch_(softmax, setHeadsTo(heads));
		expect(layer).toBe(softmax);
		const { predictions, cache } = await hooked.runWithCache(xs, ys);
		expectClose(predictions, reference.get("ys_pred"), 1e-5);
		for (const [name, tensor] of reference)
			if (name.startsWith("act.")) expectClose(cache.get(name.slice(4)), tensor, 1e-5);
		expectRelative(await measure(), wanted.after, 1e-5);
		layer.reset();
		expect(same(await hooked.predict(xs, ys), clean)).toBe(true);
		expect(same(await model.predict(xs, ys), clean)).toBe(true);
	});

	it("cuts a head's pattern to shorter inputs, and takes names", async () => {
		const patched = patch(model);
		const [name = "", tensor] = Object.entries(wanted.mapping).map(
			([, file]) => [file, reference.get(file) as Tensor] as const,
		)[0] as [string, Tensor];
		const short = [xs.slice(1, 0, 3), ys.slice(1, 0, 3)] as const;
		patched.at(SOFTMAX).set(setHeadTo(0, tensor));
		const { cache } = await patched.runWithCache(...short);
		expectClose(cache.get(SOFTMAX).select(0).select(0), tensor.slice(0, 0, 6).slice(1, 0, 6), 0);
		const byFile = await patched.predict(...short);
		patched.at(SOFTMAX).set(setHeadTo(0, name === "head_2" ? "self-pair" : "previous-token"));
		expect(same(await patched.predict(...short), byFile)).toBe(true);
	});

	it("reproduces the original's ablation of parts", async () => {
		const { parts } = referenceJson<{ parts?: Record<string, { ys_pred_batch: number[][] }> }>(
			"icl",
			"small",
			folder,
			"ablated.json",
		);
		const averaged =
			(original: ModuleFn): ModuleFn =>
			(x) => {
				const output = original(x as NonNullable<typeof x>);
				return ops.expand(ops.mean(output, 0), output.shape);
			};
		for (const [name, { ys_pred_batch }] of Object.entries(parts ?? {})) {
			const patched = patch(model);
			const left = name.replace("without ", "").split("+");
			for (const part of left) {
				if (part === "postn_embedding") continue;
				const module = patched.at(`token_sequence_transformer.${part}`);
				module.wrap(part.startsWith("blocks") ? averaged : () => (x) => x as NonNullable<typeof x>);
			}
			const hooks = left.includes("postn_embedding")
				? { hooks: { hook_pos_embed: (v: Parameters<typeof ops.mul>[0]) => ops.mul(v, 0) } }
				: {};
			const got = await patched.predict(xs, ys, hooks);
			expectClose(got, Tensor.from(ys_pred_batch).reshape(got.shape), 1e-5);
		}
	});

	it("takes another model's modules", async () => {
		const [patched, other] = [patch(model), patch(fresh)];
		const clean = await model.predict(xs, ys);
		patched.token_sequence_transformer.set(other.token_sequence_transformer);
		expectClose(await patched.predict(xs, ys), await fresh.predict(xs, ys), 2e-5);
		patched.reset();
		expect(same(await patched.predict(xs, ys), clean)).toBe(true);
		// block by block, and the whole of it
		for (const name of ["token_embedding", "blocks", "unembedding"])
			patched.at(`token_sequence_transformer.${name}`).set(other.at(`token_sequence_transformer.${name}`));
		const { cache } = await patched.runWithCache(xs, ys);
		const own = (await fresh.runWithCache(xs, ys)).cache;
		expectClose(cache.get("hook_embed"), own.get("hook_embed"), 1e-5);
		expect(same(await patched.predict(xs, ys), await fresh.predict(xs, ys))).toBe(false); // positions stay
		patched.reset();
		// patches of the donor come along
		const donor = other.token_sequence_transformer.blocks[0];
		donor?.attention.attention_softmax.set(setHeadTo(0, "uniform"));
		if (donor) patched.token_sequence_transformer.blocks[0]?.set(donor);
		const mixed = await patched.runWithCache(xs, ys);
		expect(mixed.cache.get(SOFTMAX).at(0, 0, 3, 1)).toBeCloseTo(0.25, 6);
		expect(same(await fresh.predict(xs, ys), (await fresh.runWithCache(xs, ys)).predictions)).toBe(true);
	});
});

describe("every module of the tree", async () => {
	const { model, xs, ys } = await small("l1h2-k16-out-m64");
	const plain = await RegressionModel.fresh(
		regressionConfig({
			task_size: 4,
			max_examples: 16,
			embed_size: 8,
			mlp_size: 8,
			num_heads: 2,
			num_layers: 2,
			layer_norm: false,
		}),
		0,
		{ engine },
	);
	const regression = [
		["with norms", model],
		["without norms", plain],
	] as const;

	it.each(regression)("of a regression model %s can be replaced and put back", async (_, each) => {
		const patched = patch(each);
		const clean = await patched.predict(xs, ys);
		const paths = new Set<string>();
		const walk = (nodes: ReturnType<RegressionModel["modules"]>["children"]): void => {
			for (const { path, children } of nodes) {
				paths.add(path);
				walk(children);
			}
		};
		walk(each.modules().children);
		expect(paths).toContain("token_sequence_transformer");
		expect(paths).toContain("token_sequence_transformer.blocks.0.compute");
		for (const path of paths) {
			const module = patched.at(path);
			expect(module.path).toBe(path);
			module.wrap(halve);
			const wrapped = await patched.predict(xs, ys);
			expect(wrapped.data, path).not.toEqual(clean.data);
			module.reset();
			const extents: Record<string, number> = {
				batch: xs.shape[0] as number,
				pos: 2 * (xs.shape[1] as number),
			};
			const shape = each.model.pointAt(path).shape.map((extent) => extents[extent] ?? extent);
			module.set(() => ops.expand(ops.constant(0.5), shape));
			expect((await patched.predict(xs, ys)).data, path).not.toEqual(clean.data);
			patched.reset();
			expect(same(await patched.predict(xs, ys), clean), path).toBe(true);
		}
	});

	it.each([
		["GPT-2", gpt2],
		["Llama", llama],
	] as const)("of a %s can be replaced and put back", async (_, each) => {
		const patched = patch(each);
		const clean = await patched.run(ids);
		const entries = (await hook(each).runWithCache(ids)).cache.names;
		expect(entries).toEqual(expect.arrayContaining(["blocks.0", "blocks.1.attn", "ln_final", "unembed"]));
		for (const path of entries) {
			patched.at(path).wrap(halve);
			expect((await patched.run(ids)).data, path).not.toEqual(clean.data);
			patched.at(path).reset();
			expect(same(await patched.run(ids), clean), path).toBe(true);
		}
		const [first, last] = [patched.blocks[0], patched.blocks[1]];
		if (first && last) first.set(last);
		const { cache } = await patched.runWithCache(ids);
		const swapped = await each.runWithCache(ids);
		expect(same(cache.get("resid_pre", 1), swapped.cache.get("resid_pre", 1))).toBe(false);
		expect(cache.get("resid_pre", 0).data).toEqual(swapped.cache.get("resid_pre", 0).data);
	});
});

describe("a wrapper", async () => {
	const { model, fresh, xs, ys } = await small("l2h4-m64");
	const zeroed: ModuleFn = (x) => ops.mul(x as NonNullable<typeof x>, 0);

	it("walks lists by index, in loops and backwards through paths", () => {
		const { blocks, unembedding } = patch(model).token_sequence_transformer;
		expect(blocks.length).toBe(2);
		expect([...blocks].map((block) => block.path)).toEqual([
			"token_sequence_transformer.blocks.0",
			"token_sequence_transformer.blocks.1",
		]);
		expect(blocks[1]?.compute[2]?.path).toBe("token_sequence_transformer.blocks.1.compute.2");
		expect(blocks[1]).toBe(blocks.at("1"));
		expect(unembedding.names()).toEqual(["0", "1"]);
		expect("attention" in (blocks[0] as object)).toBe(true);
	});

	it("resets recursively, and sets what is assigned to a member of a list", async () => {
		const patched = patch(model);
		const clean = await patched.predict(xs, ys);
		const { blocks } = patched.token_sequence_transformer;
		for (const block of blocks) block.attention.attention_softmax.set(setHeadTo(0, "identity"));
		(blocks[1]?.compute as unknown as ModuleFn[])[1] = zeroed;
		expect((await patched.predict(xs, ys)).data).not.toEqual(clean.data);
		blocks.reset();
		expect(same(await patched.predict(xs, ys), clean)).toBe(true);
		blocks.set([zeroed, zeroed]);
		expect((await patched.predict(xs, ys)).data).not.toEqual(clean.data);
		patched.token_sequence_transformer.reset();
		expect(same(await patched.predict(xs, ys), clean)).toBe(true);
	});

	it("stands for the model where one is evaluated", async () => {
		const evaluated: Pick<RegressionModel, "predict"> = patch(model);
		expect(same(await evaluated.predict(xs, ys), await model.predict(xs, ys))).toBe(true);
	});

	it("takes interventions, as a run does", async () => {
		const patched = patch(model);
		const zero = { kind: "zero", heads: ["0.1"] } as const;
		const wanted = await model.predict(xs, ys, { interventions: [zero] });
		patched.token_sequence_transformer.blocks[0]?.attention.set(zero);
		expect(same(await patched.predict(xs, ys), wanted)).toBe(true);
		patched.reset();
		patched.set(zero);
		expect(same(await patched.predict(xs, ys), wanted)).toBe(true);
		const mean = { kind: "mean", heads: ["1.0"] } as const;
		expect(
			same(
				await patched.predict(xs, ys, { interventions: [mean] }),
				await model.predict(xs, ys, { interventions: [zero, mean] }),
			),
		).toBe(true);
	});

	it("takes features of autoencoders that a run is given, where they belong to the module", async () => {
		const dictionaries = dictionariesFor(model.model);
		const features = { kind: "sae", dictionary: "dictionary", features: [0, 3, 5], factor: 3 } as const;
		const wanted = await model.predict(xs, ys, { interventions: [features], dictionaries });
		expect(same(wanted, await model.predict(xs, ys))).toBe(false);
		const patched = patch(model);
		patched.token_sequence_transformer.blocks[1]?.set(features);
		expect(same(await patched.predict(xs, ys, { dictionaries }), wanted)).toBe(true);
		await expect(patched.predict(xs, ys)).rejects.toThrow(
			'.dictionary: the run was given no dictionary "dictionary"; it has none',
		);
		patched.reset();
		patched.token_sequence_transformer.blocks[0]?.set(features);
		await expect(patched.predict(xs, ys, { dictionaries })).rejects.toThrow("which is not in this module");
	});

	it("takes other weights where host hooks cut the run, and in a range of layers", async () => {
		const path = "token_sequence_transformer.blocks.1";
		const patched = patch(model);
		patched.at(path).set(patch(fresh).at(path));
		const whole = await patched.predict(xs, ys);
		const shapes: string[] = [];
		const seen = await patched.predict(xs, ys, {
			hostHooks: [["blocks.*.attn.hook_pattern", (value) => void shapes.push(value.shape.join())]],
		});
		expect(shapes).toEqual(["4,4,16,16", "4,4,16,16"]);
		expect(same(seen, whole)).toBe(true);
		const language = patch(gpt2);
		const [second, third] = [language.blocks[1], language.blocks[2]];
		if (second && third) second.set(third);
		const resid = await language.run(ids, { stopAtLayer: 2 });
		expect(resid.data).toEqual((await language.runWithCache(ids)).cache.get("resid_pre", 2).data);
		await expect(language.run(ids, { stopAtLayer: 1 })).rejects.toThrow(
			'weights: no module "blocks.1" in this run',
		);
		await expect(
			model.model.run(await model.model.run(Tensor.zeros<"float32">([1, 2, 5]), { stopAtLayer: 1 }), {
				startAtLayer: 1,
				patches: { token_sequence_transformer: (f) => f },
			}),
		).rejects.toThrow(/no module "token_sequence_transformer" in this run/);
		await expect(
			gpt2.run(ids, { weights: { "blocks.0.mlp": { "h.0.mlp.c_fc.weight": Tensor.zeros([2]) } } }),
		).rejects.toThrow(/"h.0.mlp.c_fc.weight" of "blocks.0.mlp" is float32\[.*\], got/);
		await expect(gpt2.run(ids, { weights: { "blocks.0.mlp": { x: Tensor.zeros([2]) } } })).rejects.toThrow(
			/module "blocks.0.mlp" has no weight "x"; it has h.0.mlp.c_fc.weight/,
		);
		await expect(gpt2.run(ids, { weights: { "blocks.0.mpl": {} } })).rejects.toThrow(/nearest: blocks.0.mlp/);
	});

	it("leaves a tied weight where it is elsewhere", async () => {
		expect(llama.moduleWeights("unembed").map(({ name }) => name)).toEqual(["model.embed_tokens.weight"]);
		const patched = patch(llama);
		patched.unembed.wrap((original) => original);
		const clean = (await llama.runWithCache(ids)).cache;
		const other = await llama.weight("model.embed_tokens.weight");
		const doubled = new Tensor(
			"float32",
			other.shape,
			other.data.map((v) => 2 * v),
		);
		const { logits, cache } = await patched.runWithCache(ids, {
			weights: { unembed: { "model.embed_tokens.weight": doubled } },
			names: "hook_embed",
		});
		expect(cache.get("hook_embed").data).toEqual(clean.get("hook_embed").data);
		const plain = await llama.run(ids);
		expectClose(
			logits,
			new Tensor(
				"float32",
				plain.shape,
				plain.data.map((v) => 2 * v),
			),
			1e-4,
		);
	});

	it("says what does not fit, and then is as it was", async () => {
		const patched = patch(model);
		const clean = await patched.predict(xs, ys);
		const { token_sequence_transformer: root } = patched;
		const [first, second] = [root.blocks[0], root.blocks[1]];
		if (!first || !second) throw new Error("two blocks");
		expect(() => patched.at("token_sequence_transformer.blocks.0.attention.softmax")).toThrow(
			/no such module; nearest: token_sequence_transformer.blocks.0.attention, /,
		);
		expect(() => root.blocks.set(zeroed)).toThrow(/blocks: is no module with inputs; set its members 0, 1/);
		expect(() => root.blocks.set([zeroed])).toThrow("has 2 members, got a list of 1");
		expect(() => first.set({ kind: "zero", heads: ["1.1"] })).toThrow(
			/at blocks.1.attn.hook_z, which is not in this/,
		);
		expect(() => first.set({ kind: "zero", heads: ["0.9"] })).toThrow(/no head "0.9"; nearest/);
		expect(() => first.attention.set(first.compute)).toThrow(
			/its weights are .*attention.weight \[192, 64\]; those of/,
		);
		expect(() => root.set(second)).toThrow(PatchError);
		expect(same(await patched.predict(xs, ys), clean)).toBe(true);
		first.set(zeroed);
		expect(() => first.attention.set(zeroed)).toThrow(
			/is not reached, since .*blocks.0 was set to a function/,
		);
		expect(() => patch(fresh).token_sequence_transformer.set(root)).not.toThrow();
		patched.reset();
		first.attention.attention_softmax.set(setHeadTo(9, "uniform"));
		await expect(patched.predict(xs, ys)).rejects.toThrow("setHeadsTo: no head 9, allowed 0..3");
		await expect(
			model.predict(xs, ys, { patches: { [SOFTMAX]: () => setHeadTo(0, "uniform") } }),
		).rejects.toThrow(/run with concrete: true/);
	});

	it.each([-1, 1.5, 4])("has no head %d: heads are counted from 0", async (head) => {
		const patched = patch(model);
		patched.at(SOFTMAX).set(setHeadTo(head, "uniform"));
		await expect(patched.predict(xs, ys)).rejects.toThrow(`setHeadsTo: no head ${head}, allowed 0..3`);
		patched.at(SOFTMAX).set(setHeadsTo({ 0: "uniform", [head]: "uniform" }));
		await expect(patched.predict(xs, ys)).rejects.toThrow(`no head ${head}`);
	});

	it("keeps what hook names, and the modules above it", async () => {
		const all = (await hook(model).runWithCache(xs, ys)).cache.names;
		expect(all).toEqual(
			(await model.runWithCache(xs, ys)).cache.names.filter((name) => name.startsWith("token_sequence")),
		);
		const some = await hook(
			model,
			"token_sequence_transformer.blocks.*.attention.attention_softmax",
		).runWithCache(xs, ys);
		const block = (l: number): string[] =>
			["", ".attention", ".attention.attention_softmax"].map(
				(m) => `token_sequence_transformer.blocks.${l}${m}`,
			);
		expect(some.cache.names).toEqual(["token_sequence_transformer", ...block(0), ...block(1)]);
		expect(() => hook(model, "token_sequence_transformer.block.0")).toThrow(
			/nearest: token_sequence_transformer.blocks.0/,
		);
	});
});
