/** Training on next tokens: the loss and its gradients on the host, and runs that can be stopped anywhere. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { grad } from "../../src/graph/grad.js";
import { graphOf } from "../../src/graph/graph.js";
import { simplify } from "../../src/graph/simplify.js";
import type { Value } from "../../src/graph/value.js";
import { initialLanguageWeights, type LanguageModel, languageLoss } from "../../src/models/language-loss.js";
import { loadModel } from "../../src/models/load-model.js";
import { nextTokenLoss } from "../../src/models/next-token-loss.js";
import { FAMILIES, type FamilyEntry } from "../../src/models/registry.js";
import { traceModel } from "../../src/models/trace-model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Random, Tensor } from "../../src/tensor/index.js";
import { languageConfig, type StepReport, trainLanguage } from "../../src/train/index.js";
import { LocalStorage } from "../../src/train/node.js";

const MODELS = {
	gpt2: {
		architectures: ["GPT2LMHeadModel"],
		n_embd: 8,
		n_layer: 2,
		n_head: 2,
		n_positions: 12,
		n_inner: 12,
		vocab_size: 11,
		tie_word_embeddings: true,
	},
	llama: {
		architectures: ["LlamaForCausalLM"],
		hidden_size: 8,
		intermediate_size: 12,
		num_hidden_layers: 2,
		num_attention_heads: 4,
		num_key_value_heads: 2,
		head_dim: 4,
		max_position_embeddings: 12,
		vocab_size: 11,
		attention_bias: true,
	},
	gptj: {
		architectures: ["GPTJForCausalLM"],
		n_embd: 8,
		n_layer: 2,
		n_head: 2,
		n_positions: 12,
		n_inner: 12,
		rotary_dim: 2,
		vocab_size: 11,
	},
};

async function architecture(name: keyof typeof MODELS): Promise<LanguageModel> {
	const family = await (FAMILIES.find((f) => f.name === name) as FamilyEntry).load();
	return { family, config: family.parseConfig(MODELS[name]) };
}

describe.each(["gpt2", "llama", "gptj"] as const)("the language loss of %s", async (name) => {
	const model = await architecture(name);
	const [batch, length] = [2, 5];
	const random = new Random(1);
	// larger than the initial ones, so that no part of the model is near linear
	const weights = new Map(
		[...initialLanguageWeights(model, 3)].map(([key, { shape, size }]) => [
			key,
			new Tensor(
				"float64",
				shape,
				Float64Array.from({ length: size }, () => 0.6 * random.normal()),
			),
		]),
	);
	const ids = Array.from({ length: batch }, () => Array.from({ length }, () => random.integer(0, 11)));
	const feeds = {
		tokens: Tensor.from(ids, "int32"),
		positions: Tensor.from([0, 1, 2, 3, 4], "int32"),
	};
	const graph = simplify(graphOf({ loss: languageLoss(model, batch, length) }));
	const loss = graph.outputs.get("loss") as Value;
	const lossAt = (at: ReadonlyMap<string, Tensor>): number =>
		(evaluate(graph, { ...feeds, ...Object.fromEntries(at) }, "float64").get("loss") as Tensor).item();

	it("is the mean of -log p of each next token", () => {
		const { output } = traceModel(model.family, model.config, { padded: false, batch, pos: length });
		const read = { ...feeds, ...Object.fromEntries(weights) };
		const logits = evaluate(simplify(graphOf({ output })), read, "float64").get("output") as Tensor;
		let total = 0;
		for (const [b, row] of ids.entries()) {
			for (let p = 0; p + 1 < length; p++) {
				const scores = Array.from({ length: 11 }, (_, v) => Number(logits.at(b, p, v)));
				const sum = scores.reduce((s, x) => s + Math.exp(x), 0);
				total += Math.log(sum) - (scores[row[p + 1] as number] as number);
			}
		}
		expect(lossAt(weights)).toBeCloseTo(total / (batch * (length - 1)), 10);
	});

	it("has the gradients that finite differences give, for every parameter", () => {
		const wrt = graph.inputs.filter((v) => v.node.attributes.role === "weight");
		const named = grad(loss, wrt).map((v, i) => [wrt[i]?.node.attributes.name as string, v] as const);
		expect(named.map(([key]) => key).sort()).toEqual([...weights.keys()].sort());
		const found = evaluate(graphOf(new Map(named)), { ...feeds, ...Object.fromEntries(weights) }, "float64");
		const step = 1e-5;
		for (const [key, weight] of weights) {
			for (const at of [0, Math.floor(weight.size / 2), weight.size - 1]) {
				const moved = (by: number): number => {
					const data = Float64Array.from(weight.data);
					data[at] = (data[at] as number) + by;
					return lossAt(new Map(weights).set(key, new Tensor("float64", weight.shape, data)));
				};
				const wanted = (moved(step) - moved(-step)) / (2 * step);
				const got = Number(found.get(key)?.data[at]);
				expect(Math.abs(got - wanted), `${key}[${at}]: ${got}, ${wanted}`).toBeLessThan(
					1e-7 + 1e-6 * Math.abs(wanted),
				);
			}
		}
	});

	it("starts with the family's spread", async () => {
		const large = await architecture(name);
		const drawn = initialLanguageWeights(large, 0);
		for (const [key, { shape, data }] of drawn) {
			if (shape.length === 1) {
				expect(new Set(data), key).toEqual(new Set([key.endsWith(".bias") ? 0 : 1]));
				continue;
			}
			const wanted = 0.02 * (name === "gpt2" && key.endsWith("c_proj.weight") ? 0.5 : 1);
			const std = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);
			expect(std / wanted, key).toBeGreaterThan(0.6);
			expect(std / wanted, key).toBeLessThan(1.5);
		}
	});
});

const engine = await LocalEngine.create({ threads: 1 });
const root = await mkdtemp(join(tmpdir(), "headscope-language-"));
afterAll(async () => {
	await engine.dispose();
	await rm(root, { recursive: true });
});

const repeats = (name: keyof typeof MODELS): object => ({
	model: MODELS[name],
	data: {
		kind: "repeats",
		offset: [0, 2],
		segments: [
			{ from: 0, span: [2, 4] },
			{ from: 8, span: [2, 7] },
		],
		range: [1, 11],
	},
	length: 10,
	batch_size: 4,
	num_steps: 16,
	seed: 5,
	optimizer_config: { optimizer_type: "AdamW", lr: 0.01, betas: [0.9, 0.98], weight_decay: 0.01 },
	scheduler_config: { scheduler_type: "constant", lr: 0.01 },
	checkpoint_steps: [0, 6],
});

/** A run in a folder of its own. */
function place(name: string) {
	const storages = [new LocalStorage(join(root, name))];
	const file = (at: string): Promise<Buffer> => readFile(join(root, name, "checkpoints", at));
	const train = (given: object, options: object = {}) =>
		trainLanguage(languageConfig(given), { storages, projectDir: "", engine, lossEvery: 3, ...options });
	return { file, train };
}

describe("trainLanguage", () => {
	it.each(["gpt2", "llama"] as const)("ends with the same bits when stopped anywhere: %s", async (name) => {
		const whole = place(`${name}-whole`);
		await whole.train(repeats(name));
		for (const last of [0, 7, 14]) {
			const run = place(`${name}-${last}`);
			const stop = new AbortController();
			const stopped = run.train(repeats(name), {
				signal: stop.signal,
				onStep: ({ step }: StepReport) => {
					if (step === last) stop.abort(new Error("stopped"));
				},
			});
			await expect(stopped).rejects.toThrow("stopped");
			await run.train(repeats(name));
			for (const file of ["15.safetensors", "loss.jsonl", "loss.csv"]) {
				expect(await run.file(file), `${file}, stopped after ${last}`).toEqual(await whole.file(file));
			}
		}
	});

	it("learns a text, and its checkpoints open as models", async () => {
		const run = place("text");
		const ids = Array.from({ length: 300 }, (_, i) => [1, 4, 2, 8, 5, 7][i % 6] as number);
		const given = { ...repeats("gpt2"), data: { kind: "text" }, num_steps: 60, checkpoint_steps: [0] };
		await run.train(given, { ids });
		await expect(run.train({ ...given, num_steps: 61 }, { ids: [...ids, 1] })).rejects.toThrow(
			"was made with other settings",
		);
		const folder = join(root, "text");
		const { writeFile } = await import("node:fs/promises");
		await writeFile(join(folder, "config.json"), JSON.stringify(MODELS.gpt2));
		const losses: number[] = [];
		for (const step of [0, 59]) {
			await using model = await loadModel(`${folder}@${step}`, { engine });
			losses.push(await nextTokenLoss(model, [ids.slice(0, 10), ids.slice(3, 13)], 2));
		}
		expect(losses[0]).toBeGreaterThan(2);
		expect(losses[1]).toBeLessThan(0.3);
		await expect(loadModel(`${folder}@7`, { engine })).rejects.toThrow("has no checkpoint of step 7");
	});

	it.each([
		[{ length: 13 }, /training on 13 tokens, allowed 2\.\.12/],
		[{ data: { kind: "text" } }, /data\.kind text, but no text was given/],
		[{ seed: -1 }, /seed: /],
		[{ speed: 1 }, /speed/],
		[{ model: { architectures: ["Bert"] } }, /model\.architectures \["Bert"\], allowed: GPT2LMHeadModel/],
		[{ model: { ...MODELS.gpt2, n_heads: 2 } }, /unknown key "n_heads"/],
		[
			{ optimizer_config: { optimizer_type: "Lion", lr: 1, betas: [0, 0], weight_decay: 0 } },
			/optimizer_type/,
		],
	])("refuses %j", async (change, message) => {
		const run = place("refused");
		await expect((async () => run.train({ ...repeats("gpt2"), ...change }))()).rejects.toThrow(message);
	});

	it("refuses stages out of order, ids beyond the vocabulary, and a text that is not asked for", async () => {
		const run = place("refused");
		const data = { kind: "repeats", offset: [0, 2], range: [1, 11] };
		const late = { ...repeats("gpt2"), data: { ...data, segments: [{ from: 2, span: [2, 4] }] } };
		await expect(run.train(late)).rejects.toThrow("stages must begin at step 0");
		const segments = [{ from: 0, span: [2, 4] }];
		const wide = { ...repeats("gpt2"), data: { ...data, segments, range: [1, 12] } };
		await expect(run.train(wide)).rejects.toThrow("data.range up to 12, allowed up to 11");
		await expect(run.train(repeats("gpt2"), { ids: [1] })).rejects.toThrow("a text was given");
		const text = { ...repeats("gpt2"), data: { kind: "text" } };
		await expect(run.train(text, { ids: Array(20).fill(11) })).rejects.toThrow("token id 11, allowed 0..10");
	});
});
