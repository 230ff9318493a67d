/** Sweeps over regression runs, against the original's numbers. */
import { afterAll, expect, test } from "vitest";
import { ablateHeads } from "../../src/causal/index.js";
import { MetricError } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referenceFolders, referenceJson } from "../reference-data.js";
import { smallRun } from "./small-run.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

type Metrics = Record<string, number>;

interface Ablated {
	readonly baseline: Metrics;
	readonly heads: Record<string, { metrics: Metrics; relative_change: Metrics }>;
}

test.each(referenceFolders("icl", "small"))(
	"%s: every head's ablation as in the original",
	async (folder) => {
		const run = await smallRun(folder, engine);
		const ablated = referenceJson<Ablated>("icl", "small", folder, "ablated.json");
		for (const metric of ["pretrain/mse", "true/delta_ridge"]) {
			for (const kind of ["zero", "mean"] as const) {
				// the original's mean is that over the batch
				const { cells } = await ablateHeads(run, { metric, kind: { kind } });
				expect(cells.length).toBe(run.model.config.nLayers * run.model.config.nHeads);
				for (const { head, before, after, relative } of cells) {
					const wanted = ablated.heads[`block_${head.replace(".", "/head_")}/${kind}`];
					const close = (got: number, expected: number | undefined): void =>
						expect(Math.abs(got / (expected as number) - 1), `${metric} ${kind} ${head}`).toBeLessThanOrEqual(
							1e-5,
						);
					close(before, ablated.baseline[metric]);
					close(after, wanted?.metrics[metric]);
					const change = wanted?.relative_change[metric] as number;
					expect(Math.abs(relative - change)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(change)));
				}
			}
		}
	},
);

test("a metric of language models is refused", async () => {
	const run = await smallRun(referenceFolders("icl", "small")[0] as string, engine);
	await expect(ablateHeads(run, { metric: "loss" })).rejects.toThrow(MetricError);
});
