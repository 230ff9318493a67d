/** What each kind of intervention does to the values it is put at, on models of both attention layouts. */
import { afterAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { type ActivationCache, loadModel, type Model, Tensor } from "../../src/index.js";
import {
	type Donor,
	donorPoints,
	INTERVENTIONS,
	type Intervention,
	interventionsSchema,
} from "../../src/interventions/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const far = (a: Tensor, b: Tensor): number => difference(a, b).maxAbs;
const ids = [
	[5, 9, 23, 5, 9, 40, 7, 7],
	[3, 3, 11, 60, 31, 5, 2, 90],
	[1, 2, 3, 4, 5, 6, 7, 8],
];
const others = [
	[9, 9, 1, 5, 30, 44, 2, 17],
	[61, 8, 8, 60, 12, 3, 3, 50],
	[70, 71, 72, 73, 74, 75, 76, 77],
];

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5", "rand-opt"])("%s", async (folder) => {
	const model: Model = await loadModel(referencePath("lm", "models", folder), { engine });
	const { nLayers, nHeads, nKvHeads, dModel, dHead } = model.config;
	const last = nLayers - 1;
	const names = [/hook_/, "blocks.*.attn.hook_result"];
	const { logits, cache: clean } = await model.runWithCache(ids, { names, logits: true });
	const { cache: donor } = await model.runWithCache(others, { names });
	const changed = async (
		data: Intervention | Intervention[],
		donors: Record<string, Donor> = { donor },
	): Promise<ActivationCache> =>
		(await model.runWithCache(ids, { interventions: [data].flat(), donors, names })).cache;
	/** Rows of an activation by batch and position. */
	const row = (t: Tensor, b: number, p: number): Tensor => t.select(b).select(p);

	test("a run patched with itself does not change, at any point", async () => {
		const points = model
			.hookPoints()
			.map((point) => point.name)
			.filter((name) => clean.has(name) && !/^blocks\.[^1]/.test(name));
		expect(points.length).toBeGreaterThan(18);
		for (const at of points) {
			const interventions = [{ kind: "patch", at, from: "clean" } as const];
			const again = await model.run(ids, { interventions, donors: { clean } });
			// the same numbers go other ways where a norm's scale or the heads' results are replaced
			const exact = !/hook_(scale|result)$/.test(at);
			expect(far(again, logits as Tensor), at).toBeLessThanOrEqual(exact ? 0 : 1e-4);
		}
	});

	test("patch takes the donor's values where it is put, and leaves the others of that point", async () => {
		const resid = await changed({
			kind: "patch",
			at: "resid_pre",
			layers: [1],
			positions: [2, -1],
			from: "donor",
		});
		const after = resid.get("resid_pre", 1);
		for (let b = 0; b < 3; b++)
			for (let p = 0; p < 8; p++) {
				const source = p === 2 || p === 7 ? donor : clean;
				expect(far(row(after, b, p), row(source.get("resid_pre", 1), b, p))).toBeLessThanOrEqual(1e-5);
			}
		const moved = await changed({
			kind: "patch",
			heads: ["0.1"],
			positions: [6, 3],
			fromPositions: [1, -8],
			rows: [1],
			from: "donor",
		});
		const z = moved.get("z", 0);
		expect(far(row(z, 1, 6).select(1), row(donor.get("z", 0), 1, 1).select(1))).toBe(0);
		expect(far(row(z, 1, 3).select(1), row(donor.get("z", 0), 1, 0).select(1))).toBe(0);
		expect(far(row(z, 1, 6).select(0), row(clean.get("z", 0), 1, 6).select(0))).toBe(0);
		expect(far(z.select(0), clean.get("z", 0).select(0))).toBe(0);
	});

	test("a donor of one row serves every row, and of another length the positions that are said", async () => {
		const { cache: one } = await model.runWithCache([80, 81, 82], { names });
		const choice = { kind: "patch", at: "mlp_out", layers: [0], positions: [5], from: "one" } as const;
		const after = (await changed({ ...choice, fromPositions: [-1] }, { one })).get("mlp_out", 0);
		for (let b = 0; b < 3; b++) expect(far(row(after, b, 5), row(one.get("mlp_out", 0), 0, 2))).toBe(0);
		await expect(changed(choice, { one })).rejects.toThrow(
			`interventions[0].from: donor "one" has at "blocks.0.hook_mlp_out" batch 1, pos 3, d_model ${dModel}; this run has batch 3, pos 8, d_model ${dModel}`,
		);
	});

	test("a mean over a donor is that of its rows", async () => {
		const own = { kind: "mean", heads: ["1.0"] } as const;
		const other = { ...own, from: "clean" } as const;
		for (const over of ["batch", "batch-and-pos"] as const) {
			const [a, b] = [await changed({ ...own, over }), await changed({ ...other, over }, { clean })];
			expect(far(a.get("z", 1), b.get("z", 1))).toBeLessThanOrEqual(1e-5);
			expect(far(a.get("resid_post", 1), clean.get("resid_post", 1))).toBeGreaterThan(1e-3);
		}
	});

	test("resample moves every row by a permutation that the seed decides", async () => {
		const origins = async (seed: number): Promise<number[]> => {
			const { cache } = await model.runWithCache(ids, {
				interventions: [{ kind: "resample", at: "resid_mid", layers: [0], seed }],
				names,
			});
			const after = cache.get("resid_mid", 0);
			return ids.map((_, b) =>
				ids.findIndex((_, from) => far(after.select(b), clean.get("resid_mid", 0).select(from)) === 0),
			);
		};
		const orders = await Promise.all([0, 1, 2, 3, 4, 5].map(origins));
		for (const order of orders) {
			expect([...order].sort()).toEqual([0, 1, 2]);
			expect(order.every((from, b) => from !== b)).toBe(true);
		}
		expect(new Set(orders.map(String)).size).toBe(2);
		expect(await origins(3)).toEqual(orders[3]);
		const drawn = (
			await changed({ kind: "resample", at: "resid_mid", layers: [0], from: "donor", seed: 1 })
		).get("resid_mid", 0);
		for (let b = 0; b < 3; b++)
			expect(ids.some((_, from) => far(drawn.select(b), donor.get("resid_mid", 0).select(from)) === 0)).toBe(
				true,
			);
	});

	test("add adds a vector times its scale, scale multiplies, by any point's width", async () => {
		const vector = Array.from({ length: dModel }, (_, i) => i / 8 - 1);
		const steered = await changed({
			kind: "add",
			layers: [1],
			vector,
			scale: 0.5,
			positions: [3],
			strength: 0.5,
		});
		const [before, after] = [clean.get("resid_pre", 1), steered.get("resid_pre", 1)];
		for (let i = 0; i < dModel; i++) {
			expect(after.at(1, 3, i) - before.at(1, 3, i)).toBeCloseTo((vector[i] as number) / 4, 4);
			expect(after.at(1, 4, i)).toBe(before.at(1, 4, i));
		}
		const inHead = { kind: "add", at: "z", heads: ["0.1"], from: "mine", name: "truth" } as const;
		const truth = Tensor.from(vector.slice(0, dHead));
		const z = (await changed(inHead, { mine: { truth } })).get("z", 0);
		for (let i = 0; i < dHead; i++)
			expect(z.at(2, 5, 1, i) - clean.get("z", 0).at(2, 5, 1, i)).toBeCloseTo(vector[i] as number, 5);
		const scaled = (await changed({ kind: "scale", at: "mlp_out", layers: [0], factor: -3 })).get(
			"mlp_out",
			0,
		);
		const wanted = clean.get("mlp_out", 0);
		expect(
			far(
				scaled,
				new Tensor(
					"float32",
					wanted.shape,
					wanted.data.map((v) => -3 * v),
				),
			),
		).toBe(0);
	});

	test("inputs split by head, with a norm's scale frozen behind them", async () => {
		const vector = Array.from({ length: dModel }, (_, i) => (i % 3) - 1);
		const steering: Intervention[] = [
			{ kind: "add", at: "q_input", heads: ["1.0"], vector },
			{ kind: "freeze", at: "ln1.scale", layers: [1], from: "clean" },
		];
		const { cache } = await model.runWithCache(ids, { interventions: steering, donors: { clean }, names });
		const [q, before] = [cache.get("q", 1), clean.get("q", 1)];
		const others = q.slice(2, 1);
		expect(far(others, before.slice(2, 1))).toBeLessThanOrEqual(1e-4);
		expect(far(q.slice(2, 0, 1), before.slice(2, 0, 1))).toBeGreaterThan(1e-2);
	});

	test("freeze keeps patterns and norms as they were while a head is gone", async () => {
		const frozen = { kind: "freeze", from: "clean" } as const;
		const alone = await model.run(ids, { interventions: [frozen], donors: { clean } });
		expect(far(alone, logits as Tensor)).toBeLessThanOrEqual(2e-4);
		const gone = { kind: "zero", heads: ["0.0", "0.1"] } as const;
		const free = await changed(gone);
		const held = await changed([gone, frozen], { clean });
		for (const layer of [0, 1]) expect(far(held.get("pattern", layer), clean.get("pattern", layer))).toBe(0);
		expect(far(held.get("ln_final.hook_scale"), clean.get("ln_final.hook_scale"))).toBe(0);
		expect(far(free.get("pattern", 1), clean.get("pattern", 1))).toBeGreaterThan(1e-3);
		expect(far(held.get("resid_post", 1), clean.get("resid_post", 1))).toBeGreaterThan(1e-3);
	});

	test("scores are added to or set, and what a query cannot see stays unseen", async () => {
		const scores = clean.get("attn_scores", 0);
		const added = await changed({
			kind: "edit-scores",
			heads: ["0.1"],
			pairs: [
				[4, 2, 1.5],
				[-1, 0, -2],
			],
		});
		expect(added.get("attn_scores", 0).at(1, 1, 4, 2)).toBeCloseTo(scores.at(1, 1, 4, 2) + 1.5, 5);
		expect(added.get("attn_scores", 0).at(1, 1, 7, 0)).toBeCloseTo(scores.at(1, 1, 7, 0) - 2, 5);
		expect(
			far(added.get("pattern", 0).select(0).select(0), clean.get("pattern", 0).select(0).select(0)),
		).toBe(0);
		const level = ids[0]?.map(() => Array<number>(8).fill(0)) as number[][];
		for (const data of [
			{ kind: "edit-scores", layers: [0], matrix: level, mode: "set" },
			{ kind: "zero", at: "attn_scores", layers: [0] },
			{ kind: "scale", at: "attn_scores", layers: [0], factor: 0 },
		] as const) {
			const pattern = (await changed(data)).get("pattern", 0);
			for (let q = 0; q < 8; q++)
				for (let k = 0; k < 8; k++) expect(pattern.at(2, 0, q, k)).toBeCloseTo(k <= q ? 1 / (q + 1) : 0, 6);
		}
	});

	test("knocked-out keys get nothing and rows still sum to 1, as a mask before the softmax would have it", async () => {
		const keys = [0, 3, -2];
		const pattern = (await changed({ kind: "knock-out", layers: [0], keys })).get("pattern", 0);
		const mask = [0, 3, 6];
		for (let h = 0; h < nHeads; h++) {
			for (let q = 1; q < 8; q++) {
				const weights = Array.from({ length: 8 }, (_, k) =>
					mask.includes(k) ? 0 : clean.get("pattern", 0).at(1, h, q, k),
				);
				const total = weights.reduce((a, b) => a + b, 0);
				for (let k = 0; k < 8; k++)
					expect(pattern.at(1, h, q, k)).toBeCloseTo((weights[k] as number) / total, 5);
			}
			// the first query sees nothing but itself and keeps it
			expect(pattern.at(1, h, 0, 0)).toBe(1);
		}
		await expect(changed({ kind: "knock-out", layers: [0], keys, positions: [0, 4] })).rejects.toThrow(
			"interventions[0].keys: query 0 of row 0 could attend to nothing else than 0",
		);
		const first: Intervention = { kind: "replace-pattern", heads: ["0.0"], pattern: "first-token" };
		const nothing = (await changed([first, { kind: "knock-out", heads: ["0.0"], keys: [0] }])).get(
			"pattern",
			0,
		);
		expect(nothing.at(0, 0, 4, 0)).toBe(0);
		expect(nothing.at(0, 0, 4, 2)).toBeCloseTo(0.25, 6);
	});

	test("with padding, knocked-out keys are not made up for by padding", async () => {
		const mask = [
			[0, 0, 1, 1, 1, 1],
			[1, 1, 1, 1, 1, 1],
		];
		const rows = [ids[0]?.slice(0, 6) as number[], ids[1]?.slice(0, 6) as number[]];
		const pattern = "blocks.0.attn.hook_pattern";
		const { cache, logits: out } = await model.runWithCache(rows, {
			mask,
			interventions: [{ kind: "knock-out", heads: "all", keys: [0, 2] }],
			names: pattern,
			logits: true,
		});
		expect((out as Tensor).data.every((value) => Number.isFinite(Number(value)))).toBe(true);
		const at = (b: number, q: number): number[] =>
			Array.from({ length: 6 }, (_, k) => cache.get(pattern).at(b, 0, q, k));
		expect(at(0, 2)).toEqual([0, 0, 1, 0, 0, 0]);
		expect(at(0, 5).map((share) => share > 0)).toEqual([false, false, false, true, false, true]);
		expect(at(0, 5).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
		expect(at(0, 1)).toEqual([0, 0, 0, 0, 0, 0]);
	});

	test("rows of other texts need positions that begin at the first column", async () => {
		const run = (mask: number[][], data: object): Promise<Tensor> =>
			model.run(ids.slice(0, 2), { mask, interventions: [data as Intervention], donors: { donor } });
		const [left, right] = [
			[Array(8).fill(1), [0, ...Array(7).fill(1)]],
			[Array(8).fill(1), [...Array(7).fill(1), 0]],
		] as [number[][], number[][]];
		for (const kind of ["mean", "resample"]) {
			const data = { kind, heads: ["1.0"], from: "donor" };
			await expect(run(left, data)).rejects.toThrow(
				"interventions[0].from: a donor's positions are counted from the first, but row 1 begins with padding",
			);
			expect(far(await run(right, data), await run(right, { ...data, strength: 0 }))).toBeGreaterThan(1e-3);
			await expect(run(right, { kind, heads: ["1.0"] })).rejects.toThrow("without padding");
		}
	});

	test("heads of keys and values are named as such where query heads share them", async () => {
		const kv = nKvHeads < nHeads;
		const { cache } = await model.runWithCache(ids, {
			interventions: [{ kind: "zero", at: "v", kvHeads: ["0.1"] }],
			names,
		});
		expect(far(cache.get("v", 0).slice(2, 1, 2), clean.get("v", 0).slice(2, 1, 2))).toBeGreaterThan(0.01);
		expect(far(cache.get("v", 0).slice(2, 0, 1), clean.get("v", 0).slice(2, 0, 1))).toBe(0);
		const byQueryHead = model.run(ids, { interventions: [{ kind: "zero", at: "k", heads: ["0.1"] }] });
		const byKvHead = model.run(ids, { interventions: [{ kind: "zero", at: "q", kvHeads: ["0.1"] }] });
		if (!kv) return void (await Promise.all([byQueryHead, byKvHead]));
		const shared = `the model's ${nHeads} query heads share ${nKvHeads} heads of keys and values`;
		await expect(byQueryHead).rejects.toThrow(
			`interventions[0].heads: ${shared}, and "k" has the latter: use "kvHeads"`,
		);
		await expect(byKvHead).rejects.toThrow(
			`interventions[0].kvHeads: ${shared}, and "q" has the former: use "heads"`,
		);
	});

	test("points are short or full names, layers count from the end", async () => {
		const same: Intervention[] = [
			{ kind: "zero", at: "attn_out", layers: [-1] },
			{ kind: "zero", at: `blocks.${last}.hook_attn_out` },
			{ kind: "zero", at: `blocks.${last}.attn.hook_out` },
			{ kind: "zero", at: "attn_out", layers: [last, last] },
		];
		const runs = await Promise.all(same.map((data) => model.run(ids, { interventions: [data] })));
		for (const other of runs) expect(far(other, runs[0] as Tensor)).toBe(0);
		expect(far(runs[0] as Tensor, logits as Tensor)).toBeGreaterThan(1e-3);
		const heads: Intervention[] = [
			{ kind: "zero", at: "blocks.1.attn.hook_z", heads: ["1.0"] },
			{ kind: "zero", heads: ["L1H0"] },
		];
		const [a, b] = await Promise.all(heads.map((data) => model.run(ids, { interventions: [data] })));
		expect(far(a as Tensor, b as Tensor)).toBe(0);
	});
});

test("what a list takes of each donor is known beforehand", async () => {
	const model = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
	const list: Intervention[] = [
		{ kind: "patch", at: "z", heads: ["0.1", "1.0"], from: "a" },
		{ kind: "freeze", at: ["pattern", "mlp_out"], layers: [1], from: "b" },
		{ kind: "patch", at: "z", layers: [1], from: "a", positions: [0] },
		{ kind: "add", layers: [0], from: "c", name: "truth" },
		{ kind: "mean", heads: ["0.0"] },
	];
	expect([...donorPoints(list, model.sizes)]).toEqual([
		["a", ["blocks.0.attn.hook_z", "blocks.1.attn.hook_z"]],
		["b", ["blocks.1.attn.hook_pattern", "blocks.1.hook_mlp_out"]],
		["c", ["truth"]],
	]);
});

test("the JSON Schema takes every example and no unknown key", () => {
	const schema = z.fromJSONSchema(interventionsSchema() as Parameters<typeof z.fromJSONSchema>[0]);
	for (const { examples } of INTERVENTIONS) {
		expect(schema.safeParse(examples).success).toBe(true);
		for (const example of examples) {
			expect(schema.safeParse([{ ...(example as object), colour: 1 }]).success).toBe(false);
			expect(schema.safeParse([{ ...(example as object), strength: 1.01 }]).success).toBe(false);
		}
	}
	expect(schema.safeParse([{ kind: "zeros", heads: "all" }]).success).toBe(false);
});
