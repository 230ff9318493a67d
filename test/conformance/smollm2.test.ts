/**
 * SmolLM2-135M-Instruct from its GGUF file: the reference is Hugging Face and TransformerLens on the same
 * dequantised weights. Its residual stream reaches 1e4 at the first position, so activations are compared
 * relative to their own largest entry; logits within 2e-3.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { difference } from "../../src/tensor/index.js";
import { smollm2 } from "../real-models.js";
import { referenceTensors } from "../reference-data.js";

describe.skipIf(!smollm2.path)(`SmolLM2-135M (${smollm2.path ? "real weights" : smollm2.reason})`, () => {
	let model: Model;
	let reference: ReadonlyMap<string, Tensor>;
	const rows = (name: string): number[][] => (reference.get(name) as Tensor).toNested() as number[][];

	beforeAll(async () => {
		model = await loadModel(smollm2.path);
		reference = await referenceTensors("lm", "smollm2-135m", "reference.safetensors");
	});
	afterAll(() => model?.dispose());

	test("logits within 2e-3 of the reference", async () => {
		const logits = await model.run(rows("input_ids"));
		expect(difference(logits, reference.get("hf.logits") as Tensor).maxAbs).toBeLessThanOrEqual(2e-3);
	});

	test("a left-padded batch ends in the reference's logits", async () => {
		const logits = await model.run(rows("padded.input_ids"), { mask: rows("padded.attention_mask") });
		const last = logits.slice(1, -1).reshape([2, model.config.vocab]);
		expect(difference(last, reference.get("padded.hf.logits_last") as Tensor).maxAbs).toBeLessThanOrEqual(
			2e-3,
		);
	});

	test("every shared hook of three layers", async () => {
		const names = [...reference.keys()]
			.filter((n) => n.startsWith("tl.") && n !== "tl.logits")
			.map((n) => n.slice(3));
		const { cache } = await model.runWithCache(rows("input_ids"), { names, logits: false });
		expect(cache.size).toBe(names.length);
		for (const name of names) {
			const { maxAbs, scale } = difference(cache.get(name), reference.get(`tl.${name}`) as Tensor);
			expect(maxAbs, name).toBeLessThanOrEqual(5e-5 * Math.max(1, scale / 10));
		}
	});
});
