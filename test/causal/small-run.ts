import type { RegressionRun } from "../../src/metrics/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import type { Engine } from "../../src/runtime/index.js";
import { discreteTasks, Evaluator, RegressionSequences } from "../../src/tasks/regression/index.js";
import type { SmallConfig } from "../icl/support.js";
import { referenceJson, referenceTensors } from "../reference-data.js";

/** A trained run of the reference with an evaluator of 64 sequences. Its weights end with the engine. */
export async function smallRun(
	folder: string,
	engine: Engine,
): Promise<RegressionRun & { readonly batch: Evaluator }> {
	const { task_config: task } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const prior = discreteTasks(task.num_tasks, task.task_size, task.pretrain_seed);
	const batch = Evaluator.draw({
		prior,
		noiseVariance: task.noise_variance,
		numExamples: task.max_examples,
		batchSize: 64,
		source: task.true_seed,
	});
	return {
		model: await RegressionModel.fromStateDict(regressionConfig(task), weights, { engine }),
		pretrainDist: new RegressionSequences(prior, task.noise_variance),
		evaluator: async () => batch,
		batch,
	};
}
