/** Interventions on language models: against TransformerLens' numbers, and the laws they obey. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import type { Intervention } from "../../src/interventions/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const far = (a: Tensor, b: Tensor): number => difference(a, b).maxAbs;

/** Mean cross-entropy in nats of the tokens from position `from` on. */
function loss({ data, shape }: Tensor, ids: Tensor, from: number): number {
	const [batch, pos, vocab] = shape as [number, number, number];
	let total = 0;
	for (let b = 0; b < batch; b++) {
		for (let p = from - 1; p < pos - 1; p++) {
			const row = data.subarray((b * pos + p) * vocab, (b * pos + p + 1) * vocab) as Float32Array;
			let sum = 0; // logits of these models are far from overflowing
			for (const logit of row) sum += Math.exp(logit);
			total += Math.log(sum) - (row[ids.at(b, p + 1)] as number);
		}
	}
	return total / (batch * (pos - from));
}

test.each(["tiny-gpt2-induction", "tiny-llama-induction", "stories260k"])(
	"%s: each head's ablation changes the loss as in TransformerLens",
	async (name) => {
		const model = await load(name);
		const reference = await referenceTensors("lm", "scores", name, "ablations.safetensors");
		const at = (key: string): Tensor => reference.get(`ablate.${key}`) as Tensor;
		const ids = at("input_ids").to("int32");
		const from = ((ids.shape[1] as number) - 1) / 2 + 2; // r_2 of the second copy
		const clean = loss(await model.run(ids), ids, from);
		const { nLayers, nHeads } = model.config;
		for (let l = 0; l < nLayers; l++) {
			for (let h = 0; h < nHeads; h++) {
				const change = async (more: Omit<Intervention, "heads">): Promise<number> => {
					const interventions = [{ ...more, heads: [`${l}.${h}`] } as Intervention];
					return loss(await model.run(ids, { interventions }), ids, from) - clean;
				};
				const zero = Math.abs((await change({ kind: "zero" })) - at("zero_change").at(l, h));
				expect(zero, `zero ${l}.${h}`).toBeLessThanOrEqual(1e-3);
				const mean = await change({ kind: "mean", over: "batch-and-pos" } as Intervention);
				expect(Math.abs(mean - at("mean_change").at(l, h)), `mean ${l}.${h}`).toBeLessThanOrEqual(1e-3);
			}
		}
	},
);

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", (folder) => {
	let model: Model;
	let clean: Tensor;
	const ids = [
		[5, 9, 23, 5, 9, 40, 7, 7],
		[3, 3, 11, 60, 31, 5, 2, 90],
	];
	const pattern = (layer: number): string => `blocks.${layer}.attn.hook_pattern`;

	beforeAll(async () => {
		model = await load(folder);
		clean = await model.run(ids);
	});

	test("a head's own pattern in its place changes nothing", async () => {
		const [row] = ids as [number[], number[]];
		const { logits, cache } = await model.runWithCache(row);
		for (const [layer, head] of [
			[0, 1],
			[1, 0],
		] as const) {
			const own = cache.get(pattern(layer)).select(0).select(head).toNested() as number[][];
			const interventions = [{ kind: "replace-pattern" as const, heads: [`${layer}.${head}`], pattern: own }];
			expect(far(await model.run(row, { interventions }), logits)).toBeLessThanOrEqual(2e-5);
		}
	});

	test("changes exactly the heads, positions and rows that are chosen, by the strength given", async () => {
		const { nHeads } = model.config;
		const z = "blocks.1.attn.hook_z";
		const before = (await model.runWithCache(ids)).cache.get(z);
		await fc.assert(
			fc.asyncProperty(
				fc.uniqueArray(fc.nat(nHeads - 1), { minLength: 1 }),
				fc.option(fc.uniqueArray(fc.integer({ min: -8, max: 7 }), { minLength: 1 }), { nil: undefined }),
				fc.option(fc.uniqueArray(fc.nat(1), { minLength: 1 }), { nil: undefined }),
				fc.constantFrom(0, 0.25, 1),
				async (heads, positions, rows, strength) => {
					const zero = {
						kind: "zero" as const,
						heads: heads.map((h) => `1.${h}`),
						strength,
						...(positions && { positions }),
						...(rows && { rows }),
					};
					const { cache } = await model.runWithCache(ids, { interventions: [zero], names: z });
					const after = cache.get(z);
					const [batch, pos, , dHead] = after.shape as [number, number, number, number];
					for (let b = 0; b < batch; b++) {
						for (let p = 0; p < pos; p++) {
							for (let h = 0; h < nHeads; h++) {
								const chosen =
									heads.includes(h) &&
									(rows?.includes(b) ?? true) &&
									(positions?.some((x) => x === p || x + pos === p) ?? true);
								for (let i = 0; i < dHead; i++) {
									const wanted = Math.fround(before.at(b, p, h, i) * (chosen ? 1 - strength : 1));
									expect(after.at(b, p, h, i)).toBeCloseTo(wanted, 6);
								}
							}
						}
					}
				},
			),
			{ numRuns: 12 },
		);
	});

	test("draws named patterns, per row where they look at tokens", async () => {
		const drawn = async (name: string, rows = ids): Promise<Tensor> => {
			const interventions = [{ kind: "replace-pattern", heads: ["0.1"], pattern: name } as Intervention];
			const { cache } = await model.runWithCache(rows, { interventions, names: pattern(0) });
			return cache.get(pattern(0));
		};
		const previous = await drawn("previous-token");
		expect(Array.from(previous.select(1).select(1).select(4).data, Number)).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
		const induction = await drawn("induction");
		const attended = ids.map((_, b) =>
			Array.from({ length: 8 }, (_, q) =>
				Array.from(induction.select(b).select(1).select(q).data, Number).indexOf(1),
			),
		);
		expect(attended).toEqual([
			[0, 0, 0, 1, 2, 0, 0, 7],
			[0, 1, 0, 0, 0, 0, 0, 0],
		]);
	});

	test("with padding, patterns lie on the tokens that count", async () => {
		const padded = [
			[0, 0, 5, 9, 23],
			[3, 3, 11, 60, 31],
		];
		const mask = [
			[0, 0, 1, 1, 1],
			[1, 1, 1, 1, 1],
		];
		const interventions = [{ kind: "replace-pattern", heads: "all", pattern: "first-token" } as const];
		const alone = await model.run([5, 9, 23], { interventions });
		const together = await model.run(padded, { interventions, mask });
		expect(far(together.select(0).slice(0, 2), alone.select(0))).toBeLessThanOrEqual(2e-5);
		await expect(
			model.run(padded, { interventions: [{ kind: "mean", heads: ["0.0"] }], mask }),
		).rejects.toThrow("interventions[0]: a mean over the batch needs rows of equal length without padding");
	});

	test("works where hook functions and host hooks do, before them, and with a range of layers", async () => {
		const interventions = [{ kind: "zero", heads: "all" } as const];
		const resid = await model.run(ids, { stopAtLayer: 1, interventions: [{ kind: "zero", heads: ["0.0"] }] });
		expect(resid.shape.length).toBe(3);
		const whole = await model.run(ids, { interventions });
		const seen: number[] = [];
		const hosted = await model.run(ids, {
			interventions,
			hostHooks: [
				["blocks.0.attn.hook_z", (v) => void seen.push(...Array.from(v.data, Number).map(Math.abs))],
			],
		});
		expect(far(hosted, whole)).toBe(0);
		expect(Math.max(...seen)).toBe(0);
		const undone = await model.run(ids, {
			interventions,
			hooks: { "blocks.*.attn.hook_z": (v, g) => g.add(v, 0) },
		});
		expect(far(undone, whole)).toBe(0);
		expect(far(whole, clean)).toBeGreaterThan(1e-3);
		await expect(
			model.run(resid, { startAtLayer: 1, interventions: [{ kind: "zero", heads: ["0.0"] }] }),
		).rejects.toThrow(/not reached by a run of layers 1/);
		const induction = { kind: "replace-pattern", heads: ["1.0"], pattern: "induction" } as const;
		await expect(model.run(resid, { startAtLayer: 1, interventions: [induction] })).rejects.toThrow(
			"induction looks at the tokens, which a run from a layer on",
		);
	});
});
