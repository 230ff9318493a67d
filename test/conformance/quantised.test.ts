/**
 * Real weights that stay in their file's blocks against the same file as float32: both stand for the same numbers, so that only
 * the order of float32's sums differs. 2e-5 of the largest entry is the bound that docs/models.md states.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attributionPatching } from "../../src/causal/index.js";
import type { G } from "../../src/graph/trace.js";
import type { Value } from "../../src/graph/value.js";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { gemma3, smollm2 } from "../real-models.js";
import { referencePath } from "../reference-data.js";

const BOUND = 2e-5;
const TEXT = "The quick brown fox jumps over the lazy dog. The quick brown";

function expectClose(name: string, got: Tensor | undefined, expected: Tensor | undefined): void {
	if (!got || !expected) throw new Error(`${name} is missing`);
	const { maxAbs, scale } = difference(got, expected);
	expect(scale, name).toBeGreaterThan(0);
	expect(maxAbs, name).toBeLessThanOrEqual(BOUND * Math.max(1, scale));
}

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

describe.each([
	["SmolLM2-135M", smollm2],
	["Gemma 3 270M", gemma3],
] as const)("%s", (_, { path, reason }) => {
	describe.skipIf(reason)(reason ?? "real weights", () => {
		let held: Model;
		let float: Model;
		beforeAll(async () => {
			held = await loadModel(path, { engine, weights: "quantised" });
			float = await loadModel(path, { engine, weights: "bound" });
		}, 600_000);
		afterAll(async () => {
			await held?.dispose();
			await float?.dispose();
		});

		test("hook points are the same, logits and every layer's pattern and stream within the bound", async () => {
			expect(held.hookPoints()).toEqual(float.hookPoints());
			const options = { names: [/hook_pattern$/, /hook_resid_post$/] };
			const [a, b] = [await held.runWithCache(TEXT, options), await float.runWithCache(TEXT, options)];
			expectClose("logits", a.logits, b.logits);
			for (const name of b.cache.names) expectClose(name, a.cache.get(name), b.cache.get(name));
		}, 600_000);

		test("an ablated head, what each head writes and split inputs are within it too", async () => {
			const options = {
				interventions: [{ kind: "zero", heads: ["1.0"] }],
				names: ["blocks.0.attn.hook_result", "blocks.1.attn.hook_result", "blocks.2.attn.hook_pattern"],
			} as const;
			const [a, b] = [await held.runWithCache(TEXT, options), await float.runWithCache(TEXT, options)];
			expectClose("logits", a.logits, b.logits);
			for (const name of b.cache.names) expectClose(name, a.cache.get(name), b.cache.get(name));
			const plain = await held.run(TEXT);
			expect(difference(plain, a.logits).maxAbs).toBeGreaterThan(0.01);
			const split = { hooks: { "blocks.1.hook_q_input": (x: Value, g: G) => g.add(x, 0) } };
			expectClose("split", await held.run(TEXT, split), plain);
		}, 600_000);

		test("gradients through blocks are those through float32", async () => {
			const pair = {
				clean: "The capital of France is",
				corrupt: "The capital of Italy is",
				metric: { kind: "logit-difference", answers: " Paris", wrong: " Rome" },
				at: ["z"],
			} as const;
			const [a, b] = [await attributionPatching(held, pair), await attributionPatching(float, pair)];
			expectClose("z", a.points.get("z"), b.points.get("z"));
		}, 600_000);

		test("weights read back are the float32 ones, bit for bit", async () => {
			for (const name of ["blocks.0.attn.W_Q", "blocks.1.mlp.W_out", "blocks.0.ln1.w"]) {
				expect(difference(await held.matrix(name), await float.matrix(name)).maxAbs, name).toBe(0);
			}
		}, 600_000);
	});
});

test("a folder is refused, and so are providers without the product", async () => {
	const folder = referencePath("lm", "models", "rand-gpt2");
	const refused = (options: object): Promise<unknown> =>
		loadModel(folder, { engine, ...options }).then((m) => m.name);
	await expect(refused({ weights: "quantised" })).rejects.toThrow(
		/rand-gpt2: weights: "quantised" needs matrices of block types of GGUF \(Q4_0, Q4_K, \.\.\.\), got F32$/,
	);
	await expect(refused({ weights: "quantized" })).rejects.toThrow(
		'weights: got "quantized", allowed bound, mapped, quantised',
	);
	const gpu = Object.assign(Object.create(engine) as LocalEngine, { provider: "webgpu" });
	await expect(refused({ weights: "quantised", engine: gpu })).rejects.toThrow(
		'weights: "quantised" needs provider cpu or wasm, got "webgpu"',
	);
});
