/** Attention weighted by the norm of what it moves. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { loadModel, Tensor } from "../../src/index.js";
import { valueWeightedPatterns } from "../../src/lens/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, randomModels, randomRows } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

test("of random models: the norm of each key's part of a head's result", async () => {
	await fc.assert(
		fc.asyncProperty(randomModels, randomRows, async (shape, rows) => {
			await using model = await makeModel(shape, engine);
			const { nLayers, nHeads, nKvHeads } = model.config;
			const layer = nLayers - 1;
			const found = await valueWeightedPatterns(model, rows, { layers: [-1] });
			expect([...found.keys()]).toEqual([layer]);
			const behind = `blocks.${layer}.ln1_post.w`;
			const gain = model.usualWeights().has(behind) ? await model.matrix(behind) : undefined;
			const { cache } = await model.runWithCache(rows, {
				// some models have no norm at all
				names: [/hook_pattern/, /hook_v$/, ...(gain ? [/scale$/] : [])],
				logits: false,
			});
			const [pattern, values] = [cache.get("pattern", layer), cache.get("v", layer)];
			const output = await model.matrix(`blocks.${layer}.attn.W_O`);
			const [h, q] = [nHeads - 1, (rows[0]?.length as number) - 1];
			for (let k = 0; k <= q; k++) {
				const value = values
					.select(0)
					.select(k)
					.select(Math.floor(h / (nHeads / nKvHeads)));
				const moved = Array.from(
					{ length: output.shape[2] as number },
					(_, d) =>
						(gain?.at(d) ?? 1) * [...value.data].reduce((sum, v, i) => sum + v * output.at(h, i, d), 0),
				);
				const scale = gain ? cache.get("scale", layer, "ln1_post").at(0, q, 0) : 1;
				const wanted = (pattern.at(0, h, q, k) * Math.hypot(...moved)) / scale;
				expect(found.get(layer)?.at(0, h, q, k)).toBeCloseTo(wanted, 4);
			}
		}),
		{ numRuns: 24 },
	);
});

test("of regression models without W_O heads stand side by side", async () => {
	const task = {
		...{ task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 6, num_heads: 2, num_layers: 2 },
		include_output: false,
	};
	await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
	const tokens = Tensor.full([1, 4, 4], 0.5);
	const found = await valueWeightedPatterns(regression.model, tokens);
	const { cache } = await regression.model.runWithCache(tokens, { names: [/hook_pattern/, /hook_v$/] });
	const norm = Math.hypot(...cache.get("v", 1).select(0).select(2).select(1).data);
	expect(found.get(1)?.at(0, 1, 3, 2)).toBeCloseTo(cache.get("pattern", 1).at(0, 1, 3, 2) * norm, 5);
});

test("refuses layers that are not there", async () => {
	await using model = await loadModel("demo", { engine });
	await expect(valueWeightedPatterns(model, "red fox", { layers: [0, 2] })).rejects.toThrow(
		"layers[1]: no layer 2; nearest: 1; the model has 0 to 1",
	);
	await expect(valueWeightedPatterns(model, "red fox", { layers: [] })).rejects.toThrow(
		"layers: the list is empty",
	);
});
