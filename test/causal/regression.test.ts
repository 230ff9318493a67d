/** Sweeps over regression runs, against the original's numbers. */
import { afterAll, expect, test } from "vitest";
import { ablateHeads } from "../../src/causal/index.js";
import { MetricError, type RegressionRun } from "../../src/metrics/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { discreteTasks, Evaluator, RegressionSequences } from "../../src/tasks/regression/index.js";
import type { SmallConfig } from "../icl/support.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

type Metrics = Record<string, number>;

interface Ablated {
	readonly baseline: Metrics;
	readonly heads: Record<string, { metrics: Metrics; relative_change: Metrics }>;
}

async function runOf(folder: string): Promise<RegressionRun> {
	const { task_config: task } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const prior = discreteTasks(task.num_tasks, task.task_size, task.pretrain_seed);
	const evaluator = Evaluator.draw({
		prior,
		noiseVariance: task.noise_variance,
		numExamples: task.max_examples,
		batchSize: 64,
		source: task.true_seed,
	});
	return {
		model: await RegressionModel.fromStateDict(regressionConfig(task), weights, { engine }),
		pretrainDist: new RegressionSequences(prior, task.noise_variance),
		evaluator: async () => evaluator,
	};
}

test.each(referenceFolders("icl", "small"))(
	"%s: every head's ablation as in the original",
	async (folder) => {
		const run = await runOf(folder);
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
	const run = await runOf(referenceFolders("icl", "small")[0] as string);
	await expect(ablateHeads(run, { metric: "loss" })).rejects.toThrow(MetricError);
});
