/** Sweeps in batches: what every cell gives must be what it gives as a run of its own. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cell } from "../../src/causal/cells.js";
import { CausalError } from "../../src/causal/index.js";
import { planCells } from "../../src/causal/plan-cells.js";
import { runCells } from "../../src/causal/run-cells.js";
import { loadModel, type Model } from "../../src/index.js";
import type { Donor, Intervention } from "../../src/interventions/index.js";
import { type Measure, measuring, readMetric } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import type { Sae } from "../../src/sae/index.js";
import { dictionariesFor } from "../interventions/run-with-donors.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** Each cell as a run of the whole model, one after the other. */
async function oneByOne(
	measure: Measure,
	cells: readonly Cell[],
	donors: Readonly<Record<string, Donor>> = {},
	dictionaries: Readonly<Record<string, Sae>> = {},
): Promise<Float64Array[]> {
	const after: Float64Array[] = [];
	for (const interventions of cells)
		after.push(await readMetric(measure, { interventions, donors, dictionaries }));
	return after;
}

function farthest(a: readonly Float64Array[], b: readonly Float64Array[]): number {
	return Math.max(
		...a.flatMap((values, c) => [...values].map((x, r) => Math.abs(x - (b[c]?.[r] as number)))),
	);
}

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", (folder) => {
	let model: Model;
	let measure: Measure;
	const ids = [
		[5, 9, 23, 5, 9, 40, 7, 7],
		[3, 3, 11, 60, 31, 5, 2, 90],
		[9, 8, 7, 6, 5, 4, 3, 2],
	];
	beforeAll(async () => {
		model = await loadModel(referencePath("lm", "models", folder), { engine });
		measure = await measuring(model, "loss@2:7", { ids });
	});

	test("a batched sweep gives what one cell at a time gives, whatever the cells are", async () => {
		const { nLayers, nHeads, nKvHeads } = model.config;
		const head = fc.tuple(fc.nat(nLayers - 1), fc.nat(nHeads - 1)).map(([l, h]) => `${l}.${h}`);
		const heads = fc.uniqueArray(head, { minLength: 1, maxLength: 3 });
		const positions = fc.option(fc.uniqueArray(fc.integer({ min: -8, max: 7 }), { minLength: 1 }), {
			nil: undefined,
		});
		const kind = fc.oneof(
			fc.constant({ kind: "zero" as const }),
			fc.constant({ kind: "mean" as const }),
			fc.constant({ kind: "mean" as const, over: "batch-and-pos" as const }),
			fc
				.constantFrom("uniform" as const, "previous-token" as const, "induction" as const)
				.map((pattern) => ({ kind: "replace-pattern" as const, pattern })),
		);
		const onHeads = fc
			.tuple(kind, heads, positions, fc.constantFrom(0.5, 1))
			.map(([k, h, p, strength]): Intervention => ({ ...k, heads: h, strength, ...(p && { positions: p }) }));
		const elsewhere = fc
			.tuple(
				fc.nat(nLayers - 1),
				fc.nat(nKvHeads - 1),
				fc.constantFrom("resid_pre", "resid_mid", "attn_out", "mlp_out"),
				positions,
				fc.nat(3),
			)
			.map(([layer, kvHead, at, p, which]): Intervention => {
				const places = p && { positions: p };
				if (which === 0) return { kind: "patch", at, layers: [layer], from: "donor", ...places };
				if (which === 1) return { kind: "scale", at, layers: "all", factor: 0.5, ...places };
				if (which === 2)
					return { kind: "patch", at: "v", kvHeads: [`${layer}.${kvHead}`], from: "donor", ...places };
				return { kind: "freeze", at: "pattern", from: "donor" };
			});
		const intervention = fc.oneof(onHeads, elsewhere);
		const donors = { donor: (await model.runWithCache(ids.map((row) => [...row].reverse()))).cache };
		const cell = fc.array(intervention, { maxLength: 2 });
		await fc.assert(
			fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 6 }), async (cells) => {
				const { before, after } = await runCells(measure, cells, { donors });
				expect(farthest([before], [await readMetric(measure)])).toBeLessThanOrEqual(2e-5);
				expect(farthest(after, await oneByOne(measure, cells, donors))).toBeLessThanOrEqual(2e-5);
			}),
			{ numRuns: 12 },
		);
	});

	test("little memory makes more passes and blocks of rows, and changes no number", async () => {
		const head = (name: string): Cell => [{ kind: "zero", heads: [name] }];
		const cells = ["1.1", "0.0", "0.1", "1.0", "0.0"].map(head);
		const whole = planCells(measure, cells);
		expect(whole.passes.map(({ cells, layer }) => [layer, cells])).toEqual([
			[0, [1, 2, 4]],
			[1, [0, 3]],
		]);
		expect(whole.blocks).toEqual([[0, 1, 2]]);
		const memory = 350_000;
		const little = planCells(measure, cells, { memory });
		expect(little.blocks.length).toBeGreaterThan(1);
		expect(little.blocks.flat()).toEqual([0, 1, 2]);
		expect(little.passes.length).toBeGreaterThan(whole.passes.length);
		const [a, b] = [await runCells(measure, cells), await runCells(measure, cells, { memory })];
		expect(farthest(a.after, b.after)).toBeLessThanOrEqual(2e-5);
		expect(farthest([a.before], [b.before])).toBeLessThanOrEqual(2e-5);
	});

	test("rows that a cell mixes stay together, or the sweep says what it needs", async () => {
		const cells: Cell[] = [[{ kind: "mean", heads: ["0.1"] }]];
		expect(planCells(measure, cells, { memory: 900_000 }).blocks.length).toBe(1);
		expect(() => planCells(measure, cells, { memory: 100_000 })).toThrow(
			/^memory: the 3 rows of a cell, .* needs about 0\.\d MiB, allowed 0\.1 MiB; with memory: \d+ it is a sweep of 1 pass/,
		);
		for (const memory of [0, -1, Number.NaN])
			expect(() => planCells(measure, cells, { memory })).toThrow(CausalError);
	});

	test("cells that change later positions run from there on, where only those are measured", async () => {
		const last = await measuring(model, "loss@6:7", { ids });
		const at = (position: number): Cell => [{ kind: "zero", heads: ["0.1"], positions: [position] }];
		const cells = [at(-1), at(5), at(6), at(0)];
		const { passes } = planCells(last, cells);
		expect(passes.map(({ position }) => position)[0]).toBe(0);
		expect(planCells(last, [at(5), at(6)]).passes[0]?.position).toBe(5);
		// loss at every position reads those before too
		expect(planCells(measure, [at(5), at(6)]).passes[0]?.position).toBe(2);
		const { after } = await runCells(last, cells);
		expect(farthest(after, await oneByOne(last, cells))).toBeLessThanOrEqual(2e-5);
	});

	test("metrics that read hook points, padded rows and changed embeddings are swept too", async () => {
		const cells: Cell[] = [
			[{ kind: "zero", heads: ["0.0"] }],
			[{ kind: "zero", heads: ["1.1"], positions: [1] }],
			[{ kind: "zero", at: "hook_embed", positions: [2] }],
		];
		const scored = await measuring(
			model,
			{ kind: "head-score", score: "previous-token", head: "1.0" },
			{ ids },
		);
		const padded = await measuring(model, "loss", { ids: [ids[0] as number[], [3, 3, 11, 60]] });
		for (const one of [scored, padded]) {
			const { after } = await runCells(one, cells);
			expect(farthest(after, await oneByOne(one, cells))).toBeLessThanOrEqual(2e-5);
		}
	});

	test("features of autoencoders are swept, those of a transcoder between layers too", async () => {
		const made = dictionariesFor(model);
		const dictionaries = {
			...made,
			// reads another layer than it changes
			far: { ...(made.transcoder as Sae), hookNameOut: "blocks.1.hook_mlp_out" },
		};
		const cells: Cell[] = [
			[{ kind: "sae", dictionary: "dictionary", features: [0, 3] }],
			[{ kind: "sae", dictionary: "dictionary", features: [1, 4, 5, 6, 8], positions: [6], factor: 3 }],
			[
				{ kind: "sae", dictionary: "top", features: "all" },
				{ kind: "zero", heads: ["1.0"] },
			],
			[{ kind: "sae", dictionary: "transcoder", features: [1, 2, 4], factor: -1 }],
			[{ kind: "sae", dictionary: "far", features: [1, 2, 4], factor: -2 }],
		];
		const last = await measuring(model, "loss@6:7", { ids });
		for (const one of [measure, last]) {
			const { before, after } = await runCells(one, cells, { dictionaries });
			expect(farthest(after, await oneByOne(one, cells, {}, dictionaries))).toBeLessThanOrEqual(2e-5);
			const changed = after.map((values) => farthest([values], [before]));
			if (one === measure) expect(Math.min(...changed)).toBeGreaterThan(1e-4);
		}
		expect(planCells(last, cells.slice(1, 2), { dictionaries }).passes[0]).toMatchObject({
			layer: 1,
			position: 6,
		});
		expect(planCells(last, cells.slice(4), { dictionaries }).passes[0]?.layer).toBeUndefined();
		await expect(runCells(measure, cells)).rejects.toThrow(
			'cells[0][0].dictionary: the run was given no dictionary "dictionary"; it has none',
		);
	});

	test("rows of different length are shown aligned where a cell goes across them", async () => {
		const padded = await measuring(model, "loss", {
			ids: [
				[5, 9, 23, 7],
				[5, 9, 7],
				[1, 2, 3],
			],
		});
		for (const kind of ["mean", "resample"] as const) {
			await expect(runCells(padded, [[], [{ kind, heads: ["0.1"] }]])).rejects.toThrow(
				`cells[1][0]: ${kind} goes across rows, which need equal lengths: row 0 has 4 tokens and row 1 has 3; from position 0 on: row 0 "t5" "t9" "t23" "t7", row 1 "t5" "t9" · "t7"`,
			);
		}
	});

	test("tells its progress, and ends with the signal's reason", async () => {
		const cells = ["0.0", "0.1", "1.0", "1.1"].map((name): Cell => [{ kind: "zero", heads: [name] }]);
		const told: number[][] = [];
		await runCells(measure, cells, { memory: 400_000, onProgress: (...args) => told.push(args) });
		expect(told.at(-1)?.slice(0, 2)).toEqual([4, 4]);
		expect(told.at(-1)?.[2]).toBeCloseTo(0, 6);
		expect(told.every(([done], i) => (done as number) >= (told[i - 1]?.[0] ?? 0))).toBe(true);
		const stop = new AbortController();
		const work = runCells(measure, cells, {
			memory: 400_000,
			signal: stop.signal,
			onProgress: () => stop.abort(new Error("enough")),
		});
		await expect(work).rejects.toThrow("enough");
	});

	test("cells that do not fit the model are refused by their place", async () => {
		await expect(runCells(measure, [[], [{ kind: "zero", heads: ["9.0"] }]])).rejects.toThrow(
			/^cells\[1\]\[0\]\.heads.*no head "9\.0"; nearest/,
		);
		await expect(runCells(measure, [[{ kind: "patch", heads: ["0.0"], from: "gone" }]])).rejects.toThrow(
			/no donor "gone"/,
		);
	});
});
