/** Interventions on in-context regression transformers against the original's numbers. */
import { afterAll, describe, expect, it } from "vitest";
import type { Intervention } from "../../src/interventions/index.js";
import { namedPattern } from "../../src/interventions/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { applyBinopDicts, relativeChange } from "../../src/patching/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { discreteTasks, Evaluator } from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { expectClose, expectRelative, type SmallConfig } from "../icl/support.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

type Metrics = Record<string, number>;

interface Patched {
	readonly mapping: Record<string, "head_2" | "head_3">;
	readonly before: Metrics;
	readonly after: Metrics;
	readonly relative_change: Metrics;
	readonly current_keys: { before: Metrics; after: Metrics; relative_change: Metrics };
}

interface Ablated {
	readonly baseline: Metrics;
	readonly heads: Record<string, { metrics: Metrics; relative_change: Metrics; ys_pred_batch: number[][] }>;
}

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const { task_config: task } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const patched = referenceJson<Patched>("icl", "small", folder, "patched.json");
	const tensors = await referenceTensors("icl", "small", folder, "patched.safetensors");
	const ablated = referenceJson<Ablated>("icl", "small", folder, "ablated.json");
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const config = regressionConfig(task);
	const model = await RegressionModel.fromStateDict(config, weights, { engine });
	const [xs, ys] = [inputs.get("xs") as Tensor, inputs.get("ys") as Tensor];
	const evaluator = Evaluator.draw({
		prior: discreteTasks(task.num_tasks, task.task_size, task.pretrain_seed),
		noiseVariance: task.noise_variance,
		numExamples: task.max_examples,
		batchSize: 64,
		source: task.true_seed,
	});
	const measure = async (interventions: Intervention[], keys: "early" | "current" = "early") =>
		(await evaluator.evaluate((x, y) => model.predict(x, y, { interventions }), { keys })).metrics;
	const expectChange = (got: Metrics, wanted: Metrics): void => {
		// 1e-5 absolute; a change of many times its base carries the base's float32 rounding as often
		for (const [key, value] of Object.entries(wanted))
			expect(Math.abs((got[key] as number) - value), key).toBeLessThanOrEqual(
				1e-5 * Math.max(1, Math.abs(value)),
			);
	};

	const names = { head_2: "self-pair", head_3: "previous-token" } as const;
	const replaced = Object.entries(patched.mapping).map(([head, name]) => ({
		kind: "replace-pattern" as const,
		heads: [`0.${head}`],
		pattern: names[name],
	}));

	it("has the notebook's patterns under their names", () => {
		for (const [file, name] of Object.entries(names)) {
			const wanted = tensors.get(file);
			if (wanted) expectClose(namedPattern(name as "self-pair", 2 * task.max_examples), wanted, 0);
		}
	});

	it("replaces patterns: predictions, attention, metrics and their changes", async () => {
		const { predictions, cache } = await model.runWithCache(xs, ys, { interventions: replaced });
		expectClose(predictions, tensors.get("ys_pred"), 1e-5);
		for (const [name, tensor] of tensors)
			if (name.startsWith("act.")) expectClose(cache.get(name.slice(4)), tensor, 1e-5);
		const [before, after] = [await measure([]), await measure(replaced)];
		expectRelative(before, patched.before, 1e-5);
		expectRelative(after, patched.after, 1e-5);
		expectChange(relativeChange(before, after), patched.relative_change);
		const now = [await measure([], "current"), await measure(replaced, "current")] as const;
		expectRelative(now[0], patched.current_keys.before, 1e-5);
		expectRelative(now[1], patched.current_keys.after, 1e-5);
		expectChange(relativeChange(...now), patched.current_keys.relative_change);
	});

	it("ablates each head: predictions, metrics and their changes", async () => {
		const before = await measure([]);
		expectRelative(before, ablated.baseline, 1e-5);
		for (const [name, wanted] of Object.entries(ablated.heads)) {
			const [, layer, head, kind] = /block_(\d+)\/head_(\d+)\/(zero|mean)/.exec(name) as RegExpExecArray;
			const interventions = [{ kind: kind as "zero" | "mean", heads: [`${layer}.${head}`] }];
			const got = await model.predict(xs, ys, { interventions });
			expectClose(got, Tensor.from(wanted.ys_pred_batch).reshape(got.shape), 1e-5);
			const after = await measure(interventions);
			expectRelative(after, wanted.metrics, 1e-5);
			expectChange(relativeChange(before, after), wanted.relative_change);
			expectChange(
				applyBinopDicts(before, after, (x, y) => (y - x) / x),
				wanted.relative_change,
			);
		}
	});
});
