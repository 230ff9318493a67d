/** What tools make of norms behind attention and MLP, and of norms of queries and keys. */
import { afterAll, expect, test } from "vitest";
import { pathPatching } from "../../src/causal/path-patching.js";
import { difference, loadModel, type Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const load = (name: string): ReturnType<typeof loadModel> =>
	loadModel(referencePath("lm", "models", name), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40],
	[3, 3, 11, 60, 31, 5],
];

test.each(["rand-gemma2", "rand-gemma3", "rand-olmo2"])(
	"%s: the stream is a sum of layers, not of heads",
	async (name) => {
		await using model = await load(name);
		const { cache } = await model.runWithCache(ids, { names: [/hook_/, /hook_result/] });
		const { values } = cache.decomposeResid();
		const total = cache.get("resid_post", -1);
		const sum = new Float32Array(total.size);
		for (const [i, v] of values.data.entries()) sum[i % sum.length] = (sum[i % sum.length] as number) + v;
		const { maxAbs, scale } = difference(total, { ...total, data: sum } as Tensor);
		expect(maxAbs).toBeLessThanOrEqual(1e-5 * scale);
		expect(() => cache.stackHeadResults()).toThrow(
			/^head results: the model norms what heads write together/,
		);
		// what the norm reads is what heads write together
		const [results, out] = [cache.get("result", 1), cache.get("blocks.1.attn.hook_out")];
		for (const d of [0, 17]) {
			const heads = Array.from({ length: model.config.nHeads }, (_, h) => results.at(1, 4, h, d));
			expect(heads.reduce((a, b) => a + b, 0)).toBeCloseTo(out.at(1, 4, d), 4);
		}
	},
);

test("paths begin at whole attention layers where heads share a norm behind them", async () => {
	await using model = await load("rand-gemma3");
	const metric = { kind: "logit-difference", answers: 7, wrong: 8 } as const;
	const pair = { clean: ids, corrupt: ids.map((row) => row.toReversed()), metric };
	const { values } = await pathPatching(model, { ...pair, senders: ["attn.0", "mlp.1"] });
	expect([...values.data].every((change) => Number.isFinite(change) && change !== 0)).toBe(true);
	await expect(pathPatching(model, { ...pair, senders: ["0.1"] })).rejects.toThrow(
		/^senders: head 0.1 writes through a norm of all heads together/,
	);
});

test("points inside query and key norms are read and hooked, but have no rows of positions to change", async () => {
	await using model = await load("rand-qwen3");
	const { cache } = await model.runWithCache(ids, { names: [/_norm\./, /normed/] });
	expect(cache.get("q_normed", 0).axes).toEqual(["batch", "head", "pos", "d_head"]);
	expect(cache.get("blocks.0.attn.k_norm.hook_out")).toEqual(cache.get("k_normed", 0));
	expect(cache.slicePositions(2, 4).get("normalized", 0, "attn.q_norm").shape).toEqual([2, 4, 2, 16]);
	await expect(
		model.run(ids, { interventions: [{ kind: "zero", at: "q_normed", layers: [0] }] }),
	).rejects.toThrow('"q_normed" has heads before positions; choose "q" or "k" before their norm');
});
