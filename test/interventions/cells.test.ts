/** Several runs in one batch: each cell is what it would be alone, for any lists of interventions. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { loadModel, type Model } from "../../src/index.js";
import { type Donor, INTERVENTIONS, type Intervention } from "../../src/interventions/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, Random, type Tensor } from "../../src/tensor/index.js";
import { hasTwoSteps, makeModel, randomModels } from "../random-models.js";
import { referencePath } from "../reference-data.js";
import { donorsFor } from "./run-with-donors.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const ids = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 3, 11, 60, 31, 5, 2],
];
const others = [
	[9, 9, 1, 5, 30, 44, 2],
	[61, 8, 8, 60, 12, 3, 3],
];
const examples = INTERVENTIONS.flatMap((kind) => kind.examples as Intervention[])
	// dictionaries have the width of one model
	.filter((example) => !("dictionary" in example));
const repeated = (times: number): number[][] => Array.from({ length: times }, () => ids).flat();

/** An example of some kind, perhaps with another strength. */
const intervention = fc
	.tuple(fc.constantFrom(...examples), fc.constantFrom(undefined, 0, 0.3, 1))
	.map(([example, strength]) => (strength === undefined ? example : { ...example, strength }));

/** Random models that have the heads and points of the examples. */
const models = randomModels.filter((model) => {
	const { config: c } = model;
	const layers = Number(c.n_layer ?? c.num_layers ?? c.n_layers ?? c.num_hidden_layers);
	const heads = Number(c.n_head ?? c.num_heads ?? c.n_heads ?? c.num_attention_heads);
	// OLMo 2 has no norm before attention
	return layers >= 2 && heads >= 2 && hasTwoSteps(model) && model.family !== "olmo2";
});
const tokens = (seed: number): number[][] => {
	const random = new Random(seed);
	return ids.map((row) => row.map(() => random.integer(0, 23)));
};
const far = (a: Tensor, b: Tensor): number =>
	difference(a, b).maxAbs / Math.max(1, ...Array.from(b.data as Float32Array, Math.abs));

describe("laws, on random models", () => {
	test("a batch of cells is each cell alone: lists of several kinds, and one that goes before all", async () => {
		const lists = fc.array(fc.array(intervention, { maxLength: 3 }), { minLength: 1, maxLength: 4 });
		const common = fc.array(intervention, { maxLength: 1 });
		await fc.assert(
			fc.asyncProperty(models, lists, common, fc.nat(999), async (data, cells, interventions, seed) => {
				await using model = await makeModel(data, engine);
				const rows = tokens(seed);
				const donors = await donorsFor(model, examples, tokens(seed + 1));
				const all = cells.flatMap(() => rows);
				const together = await model.run(all, { cells, interventions, donors });
				for (const [c, cell] of cells.entries()) {
					const alone = await model.run(rows, { interventions: [...interventions, ...cell], donors });
					expect(far(together.slice(0, 2 * c, 2 * c + 2), alone)).toBeLessThanOrEqual(2e-5);
				}
			}),
			{ numRuns: 12 },
		);
	});

	test("patching a run with itself changes nothing, nor does freezing it", async () => {
		await fc.assert(
			fc.asyncProperty(models, fc.nat(999), fc.constantFrom(0.3, 1), async (data, seed, strength) => {
				await using model = await makeModel(data, engine);
				const rows = tokens(seed);
				const list: Intervention[] = [
					{ kind: "freeze", from: "donor", strength },
					...["resid_pre", "attn_out", "resid_mid", "mlp_out", "q", "k", "v", "z"].map(
						(at) => ({ kind: "patch", at, layers: "all", from: "donor", strength }) as const,
					),
				];
				const clean = await model.run(rows);
				const donors = await donorsFor(model, list, rows);
				for (const interventions of [list.slice(0, 1), list.slice(1), list])
					expect(far(await model.run(rows, { interventions, donors }), clean)).toBeLessThanOrEqual(2e-5);
			}),
			{ numRuns: 6 },
		);
	});
});

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", async (folder) => {
	const model: Model = await loadModel(referencePath("lm", "models", folder), { engine });

	test("donors of one row, of a row for each, and different ones in different cells", async () => {
		const names = "blocks.1.hook_resid_pre";
		const record = async (rows: number[][]): Promise<Donor> =>
			(await model.runWithCache(rows, { names, logits: false })).cache;
		const given = { one: await record([others[1] as number[]]), two: await record(others) };
		const patch = { kind: "patch", at: "resid_pre", layers: [1] } as const;
		const cells: Intervention[][] = [
			[{ ...patch, from: "two" }],
			[{ ...patch, from: "one", positions: [3] }],
			[],
			[{ ...patch, from: "one", rows: [1] }],
		];
		const together = await model.run(repeated(4), { cells, donors: given });
		for (const [c, interventions] of cells.entries()) {
			const alone = await model.run(ids, { interventions, donors: given });
			expect(difference(together.slice(0, 2 * c, 2 * c + 2), alone).maxAbs).toBeLessThanOrEqual(2e-4);
		}
	});

	test("each cell's list keeps its order and its repetitions at one point", async () => {
		const scale = { kind: "scale", at: "mlp_out", layers: [0], factor: 2 } as const;
		const vector = Array<number>(model.config.dModel).fill(1);
		const add = { kind: "add", at: "mlp_out", layers: [0], vector } as const;
		const cells: Intervention[][] = [
			[scale, add, scale, scale],
			[add, scale],
			[scale, add],
			[add, add],
		];
		const names = "blocks.0.hook_mlp_out";
		const before = (await model.runWithCache(ids, { names })).cache.get(names);
		const { cache } = await model.runWithCache(repeated(4), { cells, names });
		const wanted = [
			(v: number) => 8 * v + 4,
			(v: number) => 2 * v + 2,
			(v: number) => 2 * v + 1,
			(v: number) => v + 2,
		];
		for (const [c, value] of wanted.entries())
			for (const p of [0, 6])
				expect(cache.get(names).at(2 * c + 1, p, 3)).toBeCloseTo(value(before.at(1, p, 3)), 3);
	});

	test("padded rows, a range of layers, host hooks and what is kept", async () => {
		const padded = [
			[5, 9, 23, 5],
			[3, 3],
		];
		const cells: Intervention[][] = [
			[{ kind: "replace-pattern", heads: ["1.0"], pattern: "induction" }],
			[{ kind: "knock-out", heads: ["1.1"], keys: [0] }],
		];
		const z = "blocks.1.attn.hook_z";
		let seen = 0;
		const together = await model.runWithCache([...padded, ...padded], {
			cells,
			names: z,
			stopAtLayer: 2,
			hostHooks: [["blocks.1.hook_resid_pre", () => void seen++]],
		});
		expect(seen).toBe(1);
		for (const [c, interventions] of cells.entries()) {
			const alone = await model.runWithCache(padded, { interventions, names: z, stopAtLayer: 2 });
			const own = together.cache.get(z).slice(0, 2 * c, 2 * c + 2);
			expect(difference(own, alone.cache.get(z)).maxAbs).toBeLessThanOrEqual(2e-5);
		}
	});

	test("a batch that the cells cannot share, and an intervention that does not fit, are refused", async () => {
		const zero = { kind: "zero", heads: ["0.0"] } as const;
		await expect(model.run(ids, { cells: [[zero], [zero], [zero]] })).rejects.toThrow(
			"cells: 3 cells in a batch of 2 rows, allowed a multiple of 3",
		);
		await expect(model.run(ids, { cells: [] })).rejects.toThrow("allowed at least one cell");
		await expect(model.run(ids, { cells: [[zero], [{ ...zero, heads: ["9.9"] }]] })).rejects.toThrow(
			'cells[1][0].heads[0]: no head "9.9"',
		);
		await expect(model.run(ids, { cells: [[zero], [{ ...zero, rows: [1] }]] })).rejects.toThrow(
			"cells[1][0].rows: got 1, this run has rows 0..0",
		);
	});
});

test("a mean stays inside its cell, however large the numbers of another one are", async () => {
	const model = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
	const mean: Intervention[] = [{ kind: "mean", at: "resid_mid", layers: [1] }];
	const loud: Intervention[] = [{ kind: "scale", at: "mlp_out", layers: [0], factor: 1e30 }, ...mean];
	const together = await model.run(repeated(2), { cells: [mean, loud] });
	const alone = await model.run(ids, { interventions: mean });
	expect(difference(together.slice(0, 0, 2), alone).maxAbs).toBeLessThanOrEqual(2e-4);
});
