/** Weights by their usual names: what the model computes from them is what it computes. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { difference, type Model, Tensor } from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { usualValue } from "../../src/models/weight-layout.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, RANDOM_FAMILIES, randomModels, randomModelsOf, randomRows } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** x [.., in] times a matrix [in, out] and a bias, one row at a time. */
function affine(x: Float32Array, matrix: Tensor, bias?: Tensor): number[] {
	const [from, to] = matrix.shape as [number, number];
	return Array.from({ length: to }, (_, o) => {
		let sum = bias ? bias.at(o) : 0;
		for (let i = 0; i < from; i++) sum += (x[i] as number) * matrix.at(i, o);
		return sum;
	});
}

async function expectParts(
	model: Model,
	input: Tensor<"int32"> | Tensor<"float32"> | number[][],
): Promise<void> {
	const { cache, logits } = await model.runWithCache(input, { names: /./ });
	const known = model.usualWeights();
	const matrix = async (name: string): Promise<Tensor | undefined> =>
		known.has(name) ? await model.matrix(name) : undefined;
	const last = (name: string): Tensor<"float32"> =>
		cache.get(name).slice(1, -1).select(0).select(0) as Tensor<"float32">;
	const near = (got: readonly number[], expected: Tensor): void => {
		const { maxAbs, scale } = difference(
			Tensor.from([...got]),
			Tensor.from([...(expected.data as Float32Array)]),
		);
		expect(maxAbs).toBeLessThanOrEqual(2e-5 * Math.max(1, scale));
	};
	/** A module's output in front of the norm behind it, where there is one. */
	const written = (at: string, module: string): string =>
		cache.has(`${at}.${module}.hook_out`) ? `${at}.${module}.hook_out` : `${at}.hook_${module}_out`;
	const normed = async (point: string, usual: string, x: Tensor): Promise<Float32Array> => {
		if (!cache.has(`${point}.hook_normalized`)) return x.data as Float32Array;
		const [w, b] = [await matrix(`${usual}.w`), await matrix(`${usual}.b`)];
		const scaled = (v: number, i: number): number => v * (w?.at(i) ?? 1) + (b?.at(i) ?? 0);
		return last(`${point}.hook_normalized`).data.map(scaled) as Float32Array;
	};
	// of positions that only queries and keys read
	const apart = model.family.positionsApart?.(model.config) ? last("hook_pos_embed") : undefined;
	for (let l = 0; l < model.config.nLayers; l++) {
		const at = `blocks.${l}`;
		const x = await normed(`${at}.ln1`, `${at}.ln1`, last(`${at}.hook_resid_pre`));
		for (const [which, point] of [
			["Q", "q"],
			["K", "k"],
			["V", "v"],
		] as const) {
			const [w, b] = [await model.matrix(`${at}.attn.W_${which}`), await matrix(`${at}.attn.b_${which}`)];
			const heads = w.shape[0] as number;
			for (let h = 0; h < heads; h++) {
				const read = which === "V" || !apart ? x : x.map((v, i) => v + apart.at(i));
				near(affine(read, w.select(h), b?.select(h)), last(`${at}.attn.hook_${point}`).select(h));
			}
		}
		const o = await matrix(`${at}.attn.W_O`);
		if (o) {
			const { nHeads, dHead, dModel } = model.config;
			const z = last(`${at}.attn.hook_z`).data as Float32Array;
			near(
				affine(z, o.reshape([nHeads * dHead, dModel]), await matrix(`${at}.attn.b_O`)),
				last(written(at, "attn")),
			);
		}
		if (!known.has(`${at}.mlp.W_in`)) continue; // attention alone
		const stream = cache.has(`${at}.hook_resid_mid`) ? "hook_resid_mid" : "hook_resid_pre";
		const own = cache.has(`${at}.ln2.hook_normalized`) || stream === "hook_resid_mid" ? "ln2" : "ln1";
		const y = await normed(`${at}.${own}`, `${at}.${own}`, last(`${at}.${stream}`));
		const gate = await matrix(`${at}.mlp.W_gate`);
		const up = gate ? "hook_pre_linear" : "hook_pre";
		near(
			affine(y, await model.matrix(`${at}.mlp.W_in`), await matrix(`${at}.mlp.b_in`)),
			last(`${at}.mlp.${up}`),
		);
		if (gate) near(affine(y, gate, await matrix(`${at}.mlp.b_gate`)), last(`${at}.mlp.hook_pre`));
		const post = last(`${at}.mlp.hook_post`).data as Float32Array;
		near(
			affine(post, await model.matrix(`${at}.mlp.W_out`), await matrix(`${at}.mlp.b_out`)),
			last(written(at, "mlp")),
		);
	}
	const end = last(`blocks.${model.config.nLayers - 1}.hook_resid_post`);
	const final = await normed("ln_final", "ln_final", end);
	const out = affine(final, await model.matrix("unembed.W_U"), await matrix("unembed.b_U"));
	const cap = model.family.logitCap?.(model.config);
	near(
		cap ? out.map((logit) => cap * Math.tanh(logit / cap)) : out,
		(logits as Tensor).slice(1, -1).select(0).select(0),
	);
	// the same weights made inside the graph
	const made = await model.compute(() =>
		Object.fromEntries([...known].map(([name, usual]) => [name, usualValue(usual)])),
	);
	for (const [name, tensor] of made) expect(tensor, name).toEqual(await model.matrix(name));
}

test.each(RANDOM_FAMILIES)("every weight of a random %s is what the model multiplies with", async (name) => {
	await fc.assert(
		fc.asyncProperty(randomModelsOf([name]), randomRows, async (shape, rows) => {
			await using model = await makeModel(shape, engine);
			await expectParts(model, rows);
			const embedding = await model.matrix("embed.W_E");
			const { cache } = await model.runWithCache(rows, { names: "hook_embed", logits: false });
			expect(cache.get("hook_embed").select(0).select(0).data).toEqual(
				embedding.select(rows[0]?.[0] as number).data,
			);
		}),
		{ numRuns: 4 },
	);
});

test.each([true, false])("of regression models too, with norm and W_O %s", async (whole) => {
	const task = {
		...{ task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 6, num_heads: 2, num_layers: 2 },
		...{ layer_norm: whole, include_output: whole },
	};
	await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
	const tokens = Tensor.zeros([2, 5, 4]);
	for (let i = 0; i < tokens.size; i++) tokens.data[i] = Math.sin(i);
	await expectParts(regression.model, tokens);
});

test("an unknown weight is refused with the nearest names", async () => {
	const [shape] = fc.sample(randomModels, { numRuns: 1, seed: 1 });
	await using model = await makeModel(shape as never, engine);
	await expect(model.matrix("blocks.0.attn.W_q")).rejects.toThrow(
		'no weight "blocks.0.attn.W_q"; nearest: blocks.0.attn.W_Q',
	);
});
