/** Attribution patching against TransformerLens and against what it must obey. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agreement } from "../../src/causal/agreement.js";
import { sumPositions } from "../../src/causal/attribution-cells.js";
import { type Attribution, attributionPatching } from "../../src/causal/attribution-patching.js";
import { ATTRIBUTION_POINTS, nameAt } from "../../src/causal/attribution-points.js";
import { patchActivations } from "../../src/causal/patch-activations.js";
import { type Measure, measuring, readMetric } from "../../src/metrics/index.js";
import { loadCheckpoint } from "../../src/models/load-model.js";
import type { Model } from "../../src/models/model.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { smollm2 } from "../real-models.js";
import { referencePath } from "../reference-data.js";
import { differenceOf, lastPrediction, noise, type Pair, pairsOf } from "./pairs.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const MODELS = [
	...["tiny-gpt2-induction", "tiny-llama-induction", "stories260k"].map((name) => ({
		name,
		path: referencePath("lm", "models", name),
	})),
	{ name: "smollm2-135m", path: smollm2.path },
];

/** Sums [layer, pos, head] over positions. */
function overPositions({ shape, data }: Tensor): number[] {
	const [layers = 0, length = 0, heads = 0] = shape;
	return Array.from({ length: layers * heads }, (_, i) => {
		const [layer, head] = [Math.floor(i / heads), i % heads];
		return Array.from({ length }, (_, p) => Number(data[(layer * length + p) * heads + head])).reduce(
			(a, b) => a + b,
		);
	});
}

/** Within 1e-3 of the largest, of one sign, and in one order where neighbours are further apart than 2e-3 of it. */
function expectAttribution(name: string, got: readonly number[], { data, size }: Tensor): void {
	const expected = Array.from(data, Number);
	expect(got.length, name).toBe(size);
	const scale = Math.max(...expected.map(Math.abs));
	for (const [i, value] of expected.entries()) {
		expect(Math.abs((got[i] as number) - value), `${name}[${i}]`).toBeLessThanOrEqual(1e-3 * scale);
		if (Math.abs(value) > 1e-3 * scale) expect(Math.sign(got[i] as number), name).toBe(Math.sign(value));
	}
	const top = expected.map((_, i) => i).sort((a, b) => (expected[b] as number) - (expected[a] as number));
	for (const [rank, i] of top.slice(0, 10).entries()) {
		const next = top[rank + 1];
		if (next === undefined || (expected[i] as number) - (expected[next] as number) <= 2e-3 * scale) continue;
		expect(got[i] as number, `${name}: rank ${rank}`).toBeGreaterThan(got[next] as number);
	}
}

for (const { name, path } of MODELS) {
	const title = path === undefined ? `${name} (skipped: ${smollm2.reason})` : name;
	describe.skipIf(path === undefined)(title, { timeout: 300_000 }, () => {
		let model: Model;
		let pairs: Pair[];

		beforeAll(async () => {
			model = await loadCheckpoint(await openCheckpoint(path as string), { engine });
			pairs = await pairsOf(model, name);
		});
		afterAll(() => model?.dispose());

		test("heads, residual stream and MLPs as TransformerLens has them", async () => {
			for (const { name: pair, measure, clean, cleanMetric, corruptMetric, reference } of pairs) {
				const found = await attributionPatching(measure, { clean, at: ["z", "resid_pre", "mlp_out"] });
				const scale = Math.abs(cleanMetric - corruptMetric);
				expect(Math.abs(found.clean - cleanMetric)).toBeLessThanOrEqual(1e-4 * scale);
				expect(Math.abs(found.corrupt - corruptMetric)).toBeLessThanOrEqual(1e-4 * scale);
				const z = found.points.get("z") as Tensor;
				const resid = found.points.get("resid_pre") as Tensor;
				const mlp = found.points.get("mlp_out") as Tensor;
				expect(z.axes).toEqual(["layer", "pos", "head"]);
				expectAttribution(`${pair} z`, overPositions(z), reference("attribution_head_z"));
				expectAttribution(
					`${pair} resid_pre`,
					Array.from(resid.data, Number),
					reference("attribution_resid_pre"),
				);
				expectAttribution(
					`${pair} mlp`,
					overPositions(mlp.reshape([...mlp.shape, 1])),
					reference("attribution_tl_mlp"),
				);
			}
		});

		// true patching of the large model is compared where sweeps are tested
		if (name === "smollm2-135m") return;
		test("agrees with patching as the reference's numbers do", async () => {
			for (const { name: pair, measure, clean, corruptMetric, reference } of pairs) {
				const { points } = await attributionPatching(measure, { clean, at: ["z"] });
				const patched = await patchActivations(measure, { clean, at: "z" });
				const changes = (values: ArrayLike<number>, before: number): Tensor =>
					new Tensor(
						"float64",
						patched.values.shape,
						Float64Array.from(values, (value) => value - before),
					);
				const got = agreement(
					sumPositions(points.get("z") as Tensor),
					changes(patched.values.data, patched.corrupt),
				);
				const expected = agreement(
					reference("attribution_head_z").to("float64"),
					changes(reference("patch_head_out_all_pos").data as Float32Array, corruptMetric),
				);
				expect(got.pearson, pair).toBeCloseTo(expected.pearson, 3);
				expect(got.sameSign, pair).toBe(expected.sameSign);
				expect(got.compared, pair).toBe(expected.compared);
				expect(got.pearson, pair).toBeGreaterThan(0.6);
			}
		});
	});
}

describe("laws", { timeout: 60_000 }, () => {
	let models: readonly Model[];
	const load = async (name: string): Promise<Model> =>
		loadCheckpoint(await openCheckpoint(referencePath("lm", "models", name)), { engine });

	beforeAll(async () => {
		models = [await load("rand-gpt2"), await load("rand-llama-tied-gqa-theta5e5")];
	});
	afterAll(async () => {
		for (const model of models) await model.dispose();
	});

	const clean = new Tensor("int32", [2, 5], Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3));
	const corrupt = new Tensor("int32", [2, 5], Int32Array.of(3, 8, 4, 1, 5, 9, 2, 7, 9, 3));
	const measureOf = (model: Model, input = corrupt): Promise<Measure> => differenceOf(model, input, 5, 7);

	test("is the slope of patching with a small strength, at every point", async () => {
		await using regression = await RegressionModel.fresh(
			regressionConfig({
				task_size: 3,
				max_examples: 3,
				embed_size: 12,
				mlp_size: 10,
				num_heads: 2,
				num_layers: 2,
			}),
			1,
			{ engine },
		);
		const vectors = [noise(1, [2, 6, 4]), noise(2, [2, 6, 4])] as const;
		const onVectors = { model: regression.model, input: vectors[0], metric: lastPrediction(vectors[0]) };
		const cases = await Promise.all(
			models.map(async (model) => ({ measure: await measureOf(model), clean: clean as Measure["input"] })),
		);
		for (const { measure, clean } of [...cases, { measure: onVectors, clean: vectors[1] }]) {
			const { model, input: corrupt } = measure;
			const { points } = await attributionPatching(measure, { clean, at: ATTRIBUTION_POINTS });
			expect([...points.keys()]).toEqual([...ATTRIBUTION_POINTS]);
			const layer = model.config.nLayers - 1;
			for (const [point, found] of points) {
				const name = nameAt(point, layer);
				const { cache } = await model.runWithCache(clean, { names: name, logits: false });
				const { cache: from } = await model.runWithCache(corrupt, { names: name, logits: false });
				const [to, start] = [cache.get(name), from.get(name)];
				const moved = (share: number): Promise<Float64Array> =>
					readMetric(measure, {
						concrete: true,
						hooks: {
							[name]: (value, g) => g.add(value, g.mul(g.sub(g.constant(to), g.constant(start)), share)),
						},
					});
				const [above, below] = [await moved(0.01), await moved(-0.01)];
				const slope = (mean(above) - mean(below)) / 0.02;
				const total = found.select(layer).data.reduce((a, b) => a + b, 0);
				const scale = Math.max(...found.data.map(Math.abs));
				expect(Math.abs(total - slope), `${model.name} ${point}`).toBeLessThanOrEqual(0.01 * scale + 1e-4);
			}
		}
	});

	test("of several rows is the mean of each row's, however many run at once", async () => {
		for (const model of models) {
			const together = await attributionPatching(await measureOf(model), { clean, at: ["z", "k"], steps: 3 });
			const apart = await attributionPatching(await measureOf(model), {
				clean,
				at: ["z", "k"],
				steps: 3,
				memory: 1,
			});
			const rows = await Promise.all(
				[0, 1].map(async (row) =>
					attributionPatching(await measureOf(model, corrupt.slice(0, row, row + 1)), {
						clean: clean.slice(0, row, row + 1),
						at: ["z", "k"],
						steps: 3,
					}),
				),
			);
			for (const [point, { data }] of together.points) {
				const each = rows.map((row) => row.points.get(point)?.data as Float64Array);
				for (const [i, value] of data.entries()) {
					expect(apart.points.get(point)?.data[i]).toBeCloseTo(value, 5);
					expect(((each[0]?.[i] as number) + (each[1]?.[i] as number)) / 2).toBeCloseTo(value, 5);
				}
			}
		}
	});

	test("with integrated gradients the inputs' attributions add up to the whole change", async () => {
		for (const model of models) {
			const found = await attributionPatching(await measureOf(model), {
				clean,
				at: ["resid_pre"],
				steps: 64,
			});
			const embedding = found.points.get("resid_pre")?.select(0).data as Float64Array;
			const sum = embedding.reduce((a, b) => a + b, 0);
			const change = found.clean - found.corrupt;
			expect(Math.abs(change)).toBeGreaterThan(0.1);
			expect(Math.abs(sum - change)).toBeLessThanOrEqual(0.02 * Math.abs(change));
		}
	});

	test("of a run with itself is nothing", async () => {
		for (const model of models) {
			const found = await attributionPatching(await measureOf(model), {
				clean: corrupt,
				at: ["z", "pattern"],
			});
			for (const { data } of found.points.values())
				expect(data.every((value) => Math.abs(value) === 0)).toBe(true);
		}
	});

	test("rows of different length count as they do alone", async () => {
		const [model] = models as [Model, Model];
		const rows = {
			clean: [
				[3, 1, 4, 1, 5],
				[9, 2, 6],
			],
			corrupt: [
				[3, 8, 4, 1, 5],
				[9, 7, 6],
			],
		};
		const metric = { kind: "logit-difference", answers: 5, wrong: 7 } as const;
		const sums = (found: Attribution): number[] => [...sumPositions(found.points.get("z") as Tensor).data];
		const together = await attributionPatching(model, { ...rows, metric });
		const apart = await Promise.all(
			[0, 1].map(async (r) => {
				const { clean, corrupt } = { clean: rows.clean[r] as number[], corrupt: rows.corrupt[r] as number[] };
				return sums(await attributionPatching(model, { clean, corrupt, metric }));
			}),
		);
		for (const [i, value] of sums(together).entries()) {
			expect(((apart[0]?.[i] as number) + (apart[1]?.[i] as number)) / 2).toBeCloseTo(value, 5);
		}
	});

	test("refuses what it cannot do", async () => {
		const [model] = models as [Model, Model];
		const measure = await measureOf(model);
		await expect(attributionPatching(measure, { clean, at: ["resid-pree"] })).rejects.toThrow(
			'at: no point "resid_pree"; nearest: resid_pre; allowed resid_pre, resid_mid',
		);
		await expect(attributionPatching(measure, { clean, at: [] })).rejects.toThrow("at: the list is empty");
		await expect(attributionPatching(measure, { clean, steps: 1.5 })).rejects.toThrow("steps: got 1.5");
		await expect(attributionPatching(measure, { clean: clean.slice(1, 0, 4) })).rejects.toThrow(
			"clean: row 0: 4 tokens, but the corrupted prompt has 5, and both need as many; from position",
		);
		await expect(attributionPatching(measure, { clean, memory: Number.NaN })).rejects.toThrow(
			"memory: got NaN",
		);
		const signal = AbortSignal.abort("enough");
		await expect(attributionPatching(measure, { clean, signal })).rejects.toBe("enough");
		const rank = await measuring(
			model,
			{ kind: "rank", answers: 5 },
			{ ids: corrupt.toNested() as number[][] },
		);
		const ragged = {
			clean: [1, 2, 3],
			corrupt: [1, 2],
			metric: { kind: "logit-difference", answers: 1, wrong: 2 },
		} as const;
		await expect(attributionPatching(model, ragged)).rejects.toThrow(
			"3 tokens, but the corrupted prompt has 2",
		);
		await expect(attributionPatching(rank, { clean })).rejects.toThrow(
			'metric: "rank" is not differentiable',
		);
	});
});

function mean(values: Float64Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
