/**
 * Gemma 3 270M from its GGUF file, in K-quants: the reference is Hugging Face on the same dequantised weights. 560 tokens are
 * more than the window of most layers, 512.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { difference } from "../../src/tensor/index.js";
import { gemma3 } from "../real-models.js";
import { referenceTensors } from "../reference-data.js";

describe.skipIf(!gemma3.path)(`Gemma 3 270M (${gemma3.path ? "real weights" : gemma3.reason})`, () => {
	let model: Model;
	let reference: ReadonlyMap<string, Tensor>;
	const rows = (name: string): number[][] => (reference.get(name) as Tensor).toNested() as number[][];
	const expectClose = (name: string, got: Tensor, expected: Tensor): void => {
		const { maxAbs, scale } = difference(got, expected);
		expect(maxAbs, name).toBeLessThanOrEqual(5e-5 * Math.max(1, scale / 10));
	};
	/** Every 64th of the vocabulary. */
	const some = (logits: Tensor): Tensor => {
		const [batch = 0, pos = 0, vocab = 0] = logits.shape;
		return logits
			.reshape([batch, pos, vocab / 64, 64])
			.slice(3, 0, 1)
			.reshape([batch, pos, vocab / 64]);
	};

	beforeAll(async () => {
		model = await loadModel(gemma3.path);
		reference = await referenceTensors("lm", "gemma3-270m", "reference.safetensors");
	}, 300_000);
	afterAll(() => model?.dispose());

	test("its tokenizer gives the ids that Hugging Face was fed", () => {
		const { ids } = model.tokenize("The quick brown fox jumps over the lazy dog. The quick brown");
		expect([ids]).toEqual(rows("input_ids"));
	});

	test("logits, their best tokens, hidden states and attention are the reference's", async () => {
		const { logits, cache } = await model.runWithCache(rows("input_ids"), {
			names: [/hook_resid_pre$/, /hook_pattern$/],
		});
		expectClose("logits", some(logits), reference.get("hf.logits") as Tensor);
		for (const layer of [0, 1, 5, 6, 17]) {
			const name = `hf.hidden_states.${layer}`;
			expectClose(name, cache.get("resid_pre", layer), reference.get(name) as Tensor);
		}
		for (const layer of [0, 5, 17]) {
			const name = `hf.attentions.${layer}`;
			expectClose(name, cache.get("pattern", layer), reference.get(name) as Tensor);
		}
		const best = (reference.get("hf.top") as Tensor).toNested() as number[][][];
		for (const [p, top] of (best[0] as number[][]).entries()) {
			const numbers = logits.select(0).select(p).data;
			expect(numbers.reduce((a, v, i) => (v > (numbers[a] as number) ? i : a), 0)).toBe(top[0]);
		}
	}, 120_000);

	test("behind the window the next tokens are the reference's too", async () => {
		const ids = rows("long_ids");
		const logits = await model.run(ids, { logitsAt: [[(ids[0]?.length as number) - 1]] });
		expectClose("logits", some(logits).reshape([1, 4096]), reference.get("hf.long_last") as Tensor);
	}, 120_000);
});
