/** Processed weights compute the same, and what TransformerLens' processed weights compute. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { difference, loadModel, type Model, Tensor } from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import {
	centerUnembed,
	centerWritingWeights,
	foldLayerNorm,
	foldValueBiases,
	processWeights,
} from "../../src/processing/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, randomModels, randomRows } from "../random-models.js";
import { referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });

/** Log-probabilities [.., vocab]. */
function logProbs({ shape, data }: Tensor): Tensor {
	const width = shape.at(-1) as number;
	const out = new Float64Array(data.length);
	for (let row = 0; row < data.length; row += width) {
		const logits = [...data.subarray(row, row + width)].map(Number);
		const most = Math.max(...logits);
		const total = most + Math.log(logits.reduce((sum, v) => sum + Math.exp(v - most), 0));
		for (const [i, logit] of logits.entries()) out[row + i] = logit - total;
	}
	return new Tensor("float64", shape, out);
}

const STEPS = { foldLayerNorm, centerWritingWeights, centerUnembed, foldValueBiases, processWeights };

describe.each(Object.entries(STEPS))("%s", (name, step) => {
	test("leaves the log-probabilities of random models equal", async () => {
		await fc.assert(
			fc.asyncProperty(randomModels, randomRows, async (shape, rows) => {
				await using model = await makeModel(shape, engine);
				const { family, config } = model;
				if (name === "centerWritingWeights" && family.norm === "rms") {
					await expect(step(model)).rejects.toThrow(`centerWritingWeights: ${family.name} has RMSNorm`);
					return;
				}
				if (name === "centerUnembed" && family.logitCap?.(config)) {
					await expect(step(model)).rejects.toThrow(`centerUnembed: ${family.name} caps its logits`);
					return;
				}
				if (name === "centerWritingWeights" && family.hasNorms?.(config) === false) {
					await expect(step(model)).rejects.toThrow(`${family.name} has no norms that subtract the mean`);
					return;
				}
				const before = await model.run(rows);
				await using changed = await step(model);
				const after = await changed.run(rows);
				const { maxAbs, scale } = difference(logProbs(after), logProbs(before));
				// through norms of ten channels rounding grows; a step that is wrong is off by tenths
				expect(maxAbs).toBeLessThanOrEqual(1e-4 * Math.max(1, scale));
				expect(await model.run(rows)).toEqual(before); // which is left as it was
			}),
			{ numRuns: 30 },
		);
	});
});

test("each step does what it is for", async () => {
	await using model = await load("rand-gpt2");
	await using folded = await foldLayerNorm(model);
	for (const norm of ["blocks.0.ln1", "blocks.2.ln2", "ln_final"]) {
		expect((await folded.matrix(`${norm}.w`)).data.every((v) => v === 1)).toBe(true);
		expect((await folded.matrix(`${norm}.b`)).data.every((v) => v === 0)).toBe(true);
	}
	await using values = await foldValueBiases(model);
	expect((await values.matrix("blocks.1.attn.b_V")).data.every((v) => v === 0)).toBe(true);
	const mean = ({ data }: Tensor): number =>
		Math.abs((data as Float32Array).reduce((a, b) => a + b, 0) / data.length);
	await using writing = await centerWritingWeights(model);
	for (const name of ["embed.W_E", "pos_embed.W_pos", "blocks.0.mlp.W_out"]) {
		expect(mean((await writing.matrix(name)).select(3))).toBeLessThan(1e-7);
	}
	expect(mean(await writing.matrix("blocks.0.attn.b_O"))).toBeLessThan(1e-7);
	await using unembed = await centerUnembed(model);
	expect(mean((await unembed.matrix("unembed.W_U")).select(3))).toBeLessThan(1e-7);
	// tied before, two now
	expect(mean(await unembed.matrix("embed.W_E"))).toBe(mean(await model.matrix("embed.W_E")));
});

test.each([
	"rand-gpt2",
	"rand-llama-bias-headdim",
	"rand-llama-tied-gqa-theta5e5",
	"rand-qwen2",
	"rand-gemma",
	"rand-gptneox",
	"rand-gptneox-sequential",
	"rand-gptj",
	"rand-gptneo-local",
	"rand-opt",
	"rand-phi",
])("%s: activations are those of TransformerLens' processed weights", async (name) => {
	await using model = await load(name);
	await using changed = await processWeights(model);
	const reference = await referenceTensors("lm", "models", name, "processed.safetensors");
	const ids = reference.get("input_ids")?.to("int32") as Tensor<"int32">;
	const { cache, logits } = await changed.runWithCache(ids);
	let compared = 0;
	for (const [key, expected] of reference) {
		if (!key.startsWith("tl.")) continue;
		const got = key === "tl.logits" ? (logits as Tensor) : cache.get(key.slice(3));
		const { maxAbs, scale } = difference(got, expected);
		expect(maxAbs, key).toBeLessThanOrEqual(1e-4 * Math.max(1, scale));
		compared++;
	}
	expect(compared).toBeGreaterThan(20);
});

test("the new model lives on its own in the engine of the old one", async () => {
	const model = await loadModel("demo");
	const before = await model.run("red fox moon");
	const changed = await processWeights(model);
	await model.dispose();
	const after = await changed.run("red fox moon"); // with the old one's tokenizer
	expect(difference(logProbs(after), logProbs(before)).maxAbs).toBeLessThanOrEqual(1e-4);
	await changed.dispose();
	await expect(changed.run("red fox moon")).rejects.toThrow("disposed");
});

test("refuses regression models", async () => {
	const task = { task_size: 2, max_examples: 2, embed_size: 4, mlp_size: 4, num_heads: 1, num_layers: 1 };
	await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
	await expect(processWeights(regression.model)).rejects.toThrow(
		"processWeights: a regression model has no log-probabilities, which processing is to leave equal",
	);
});
