/** However metrics are read, together, in parts or behind changes of the final norm, their numbers are the same. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { type Intervention, loadModel } from "../../src/index.js";
import { type Measure, measuring, readMetric, readMetrics } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const model = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
const ids = [
	[5, 9, 23, 7, 5, 9, 23, 7],
	[3, 41, 11, 60, 3, 41, 11, 60],
	[90, 2, 2, 7, 90, 2, 2, 7],
];
const padded = [[5, 9, 23, 7, 5], ids[1] as number[], [90, 2, 2, 7, 90, 2]];
const METRICS = [
	"loss",
	"loss@2:5",
	"kl@1:4",
	"total-variation@1:4",
	"head-score:entropy@1.0",
	"head-score:distance@2.3",
];
const bind = (rows: number[][]): Promise<Measure[]> =>
	Promise.all(METRICS.map((metric) => measuring(model, metric, { ids: rows })));

/** The largest difference of two lists of lists. */
const apart = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
	Math.max(...a.flatMap((list, i) => Array.from(list, (x, r) => Math.abs(x - (b[i]?.[r] as number)))));

describe.each<[string, Intervention[]]>([
	["nothing changed", []],
	["a head without output", [{ kind: "zero", heads: ["0.1"] }]],
	["a mean over all rows and positions", [{ kind: "mean", heads: ["1.0", "0.2"], over: "batch-and-pos" }]],
	[
		"a change of the final norm",
		[{ kind: "scale", at: "ln_final.hook_normalized", factor: 0.5, positions: [3] }],
	],
])("%s", (name, interventions) => {
	test("together as one by one, in one part as row by row", async () => {
		const measures = await bind(ids);
		const alone: Float64Array[] = [];
		for (const measure of measures) alone.push(await readMetric(measure, { interventions }));
		const runs = vi.spyOn(engine, "run");
		const together = await readMetrics(measures, { interventions });
		// those that read logits, and those that read patterns
		expect(runs.mock.calls.length).toBe(2);
		runs.mockRestore();
		expect(apart(together, alone)).toBeLessThan(1e-6);
		expect(apart(await readMetrics(measures, { interventions }, 1), alone)).toBeLessThan(2e-5);
	});

	test("rows of different length", async () => {
		if (name.startsWith("a mean")) return; // which needs rows without padding
		const measures = await bind(padded);
		const together = await readMetrics(measures, { interventions });
		expect(apart(await readMetrics(measures, { interventions }, 1), together)).toBeLessThan(2e-5);
		for (const [r, row] of padded.entries()) {
			const alone = await readMetrics(await bind([row]), { interventions });
			expect(
				apart(
					alone,
					together.map((list) => list.slice(r, r + 1)),
				),
			).toBeLessThan(2e-5);
		}
	});
});

test("a final norm that is frozen to the clean run's changes nothing, wherever logits are read", async () => {
	const measures = await bind(ids);
	const { cache } = await model.runWithCache(ids, { names: /hook_scale|hook_pattern/ });
	const run = { interventions: [{ kind: "freeze" as const, from: "clean" }], donors: { clean: cache } };
	expect(apart(await readMetrics(measures, run), await readMetrics(measures))).toBeLessThan(2e-5);
});

test("an aborted run gives the signal's reason", async () => {
	const measures = await bind(ids);
	const signal = AbortSignal.abort(new Error("enough"));
	await expect(readMetrics(measures, { signal })).rejects.toThrow("enough");
});
