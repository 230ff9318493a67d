/** Sweeps in batches: what every cell gives must be what it gives as a run of its own. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Cell } from "../../src/causal/cells.js";
import { planCells } from "../../src/causal/plan-cells.js";
import { runCells } from "../../src/causal/run-cells.js";
import { loadModel, type Model } from "../../src/index.js";
import type { Donor, Intervention } from "../../src/interventions/index.js";
import { type Measure, measuring, readMetric } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** Each cell as a run of the whole model, one after the other. */
async function oneByOne(
	measure: Measure,
	cells: readonly Cell[],
	donors: Readonly<Record<string, Donor>> = {},
): Promise<Float64Array[]> {
	const after: Float64Array[] = [];
	for (const interventions of cells) after.push(await readMetric(measure, { interventions, donors }));
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
		const { nLayers, nHeads } = model.config;
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
		const intervention = fc
			.tuple(kind, heads, positions, fc.constantFrom(0.5, 1))
			.map(([k, h, p, strength]): Intervention => ({ ...k, heads: h, strength, ...(p && { positions: p }) }));
		const cell = fc.array(intervention, { maxLength: 2 });
		await fc.assert(
			fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 6 }), async (cells) => {
				const { before, after } = await runCells(measure, cells);
				expect(farthest([before], [await readMetric(measure)])).toBeLessThanOrEqual(2e-5);
				expect(farthest(after, await oneByOne(measure, cells))).toBeLessThanOrEqual(2e-5);
			}),
			{ numRuns: 10 },
		);
	});
});
