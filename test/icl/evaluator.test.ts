import { describe, expect, it } from "vitest";
import { TorchRandom } from "../../src/random/index.js";
import { estimate } from "../../src/tasks/regression/estimate.js";
import {
	discreteTasks,
	Evaluator,
	GROUPS,
	type Group,
	gaussianTasks,
	singletonTask,
} from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import { plainModel } from "./plain-model.js";
import { expectClose, expectRelative, type SmallConfig } from "./support.js";

interface Metrics {
	readonly current_keys: Record<string, number>;
	readonly seed_era_keys: Record<string, number>;
	readonly baseline_mse: Record<string, number>;
	readonly zero_predictor: { readonly pretrain_mse: number; readonly true_mse: number };
}

const both = (make: (group: Group) => Tensor): Record<Group, Tensor> => ({
	pretrain: make("pretrain"),
	true: make("true"),
});

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const { task_config: config } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const wanted = referenceJson<Metrics>("icl", "small", folder, "metrics.json");
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const outputs = await referenceTensors("icl", "small", folder, "outputs.safetensors");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const model = plainModel(weights, config.num_layers, config.num_heads);
	const prior = discreteTasks(config.num_tasks, config.task_size, config.pretrain_seed);
	const evaluator = Evaluator.draw({
		prior,
		noiseVariance: config.noise_variance,
		numExamples: config.max_examples,
		batchSize: 64,
		source: config.true_seed,
	});

	it("is evaluated by a model that equals the original on its own batch", () => {
		const { ys, patterns } = model(inputs.get("xs") as Tensor, inputs.get("ys") as Tensor);
		expectClose(ys, outputs.get("ys_pred"), 1e-5);
		for (const [block, pattern] of patterns.entries()) {
			const name = `act.token_sequence_transformer.blocks.${block}.attention.attention_softmax`;
			expectClose(pattern, outputs.get(name), 1e-5);
		}
	});

	it("gives the original's metrics under both spellings, in its order", async () => {
		const predicted = both((group) => {
			const { xs, ys } = evaluator.batches[group];
			return model(xs, ys).ys;
		});
		const predict = (xs: Tensor): Tensor =>
			predicted[xs === evaluator.batches.pretrain.xs ? "pretrain" : "true"];
		for (const [keys, reference] of [
			["early", wanted.seed_era_keys],
			["current", wanted.current_keys],
		] as const) {
			const { metrics } = await evaluator.evaluate(predict, { keys });
			expect(Object.keys(metrics)).toEqual(Object.keys(reference));
			expectRelative(metrics, reference, 1e-5);
		}
	});

	it("gives the loss of the small batch", () => {
		const batch = { xs: inputs.get("xs") as Tensor, ys: inputs.get("ys") as Tensor };
		const small = new Evaluator(
			{ prior, noiseVariance: config.noise_variance },
			{ pretrain: batch, true: batch },
		);
		const { metrics } = small.metrics(both(() => outputs.get("ys_pred") as Tensor));
		expectRelative(
			{ loss: metrics["pretrain/mse"] as number },
			{ loss: outputs.get("loss")?.item() as number },
			1e-5,
		);
	});

	it("gives the errors of the baselines and of the zero predictor", () => {
		for (const kind of ["ridge", "dmmse"] as const) {
			const { metrics } = evaluator.metrics(both((group) => evaluator.baselines(group)[kind].predictions));
			for (const group of GROUPS) {
				expect(metrics[`${group}/delta_${kind}`]).toBe(0);
				expectRelative(
					{ mse: metrics[`${group}/mse`] as number },
					{ mse: wanted.baseline_mse[`${group}/${kind}`] as number },
					1e-5,
				);
			}
		}
		const { metrics } = evaluator.metrics(both((group) => Tensor.zeros(evaluator.batches[group].ys.shape)));
		const { pretrain_mse, true_mse } = wanted.zero_predictor;
		expectRelative(
			{ pretrain: metrics["pretrain/mse"] as number, true: metrics["true/mse"] as number },
			{ pretrain: pretrain_mse, true: true_mse },
			1e-5,
		);
	});
});

describe("evaluator", () => {
	const draw = (seed: number, batchSize = 256): Evaluator =>
		Evaluator.draw({
			prior: discreteTasks(4, 3, 1),
			noiseVariance: 0.25,
			numExamples: 6,
			batchSize,
			source: seed,
		});
	const zero = (xs: Tensor): Tensor => Tensor.zeros([...xs.shape.slice(0, 2), 1]);

	it("gives the same twice, and another subsequence metric for another seed only", async () => {
		const evaluator = draw(3);
		const [a, b, c] = await Promise.all(
			[5, 5, 6].map((subsequenceSeed) => evaluator.evaluate(zero, { keys: "current", subsequenceSeed })),
		);
		expect(a).toEqual(b);
		const changed = Object.keys(a?.metrics ?? {}).filter((key) => a?.metrics[key] !== c?.metrics[key]);
		expect(changed).toEqual(["pretrain/mse_subsequence", "true/mse_subsequence"]);
	});

	it("has standard errors that the spread over many batches confirms", () => {
		const evaluations = Array.from({ length: 60 }, (_, seed) => {
			const evaluator = draw(100 + seed, 64);
			return evaluator.metrics(
				both((group) => zero(evaluator.batches[group].xs)),
				{ keys: "current" },
			);
		});
		for (const key of ["pretrain/mse", "true/mse/token/3", "true/mse_subsequence", "true/delta_ridge"]) {
			const means = Float64Array.from(evaluations, ({ metrics }) => metrics[key] as number);
			const spread = estimate(means).standardError * Math.sqrt(means.length);
			const stated = estimate(
				Float64Array.from(evaluations, ({ standardErrors }) => standardErrors[key] as number),
			);
			expect(stated.mean / spread, key).toBeGreaterThan(0.7);
			expect(stated.mean / spread, key).toBeLessThan(1.4);
		}
	});

	it("has ridge for dMMSE where tasks are drawn anew", () => {
		const evaluator = Evaluator.draw({
			prior: gaussianTasks(3),
			noiseVariance: 0.25,
			numExamples: 4,
			batchSize: 8,
		});
		const { ridge, dmmse } = evaluator.baselines("pretrain");
		expect(dmmse).toBe(ridge);
	});

	it("has no standard error for one sequence", async () => {
		const { standardErrors } = await draw(1, 1).evaluate(zero);
		expect(new Set(Object.values(standardErrors))).toEqual(new Set([Number.NaN]));
	});

	it("goes on with a stream", () => {
		const random = new TorchRandom(9);
		const options = {
			prior: singletonTask(Tensor.from([1, 2])),
			noiseVariance: 1,
			numExamples: 3,
			batchSize: 5,
		};
		const [a, b] = [
			Evaluator.draw({ ...options, source: random }),
			Evaluator.draw({ ...options, source: random }),
		];
		expect(a.batches).toEqual(Evaluator.draw({ ...options, source: 9 }).batches);
		expect(b.batches).not.toEqual(a.batches);
	});

	it("refuses what does not fit", async () => {
		const { batches } = draw(1);
		await expect(draw(1).evaluate((xs) => xs)).rejects.toThrow(
			/pretrain predictions: shape \[256, 6, 3\], allowed \[256, 6, 1\]/,
		);
		expect(() => new Evaluator({ prior: gaussianTasks(4), noiseVariance: 1 }, batches)).toThrow(
			/pretrain: task size 3, but the tasks have 4/,
		);
		const silent = new Evaluator({ prior: gaussianTasks(3), noiseVariance: 0 }, batches);
		await expect(silent.evaluate(zero)).rejects.toThrow(/ridge: noise variance 0, allowed above 0/);
	});
});
