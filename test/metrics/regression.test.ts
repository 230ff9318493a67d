/** Metrics of regression runs through measuring and compareRows, against the evaluator and the original's numbers. */
import { afterAll, describe, expect, test } from "vitest";
import type { Intervention } from "../../src/interventions/index.js";
import {
	compareRows,
	type Measure,
	type MeasureOptions,
	measuring,
	type RegressionRun,
	readMetric,
	readMetrics,
} from "../../src/metrics/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { scorePatterns } from "../../src/scores/index.js";
import {
	discreteTasks,
	Evaluator,
	PATTERN_SCORES,
	type PatternScore,
	RegressionSequences,
} from "../../src/tasks/regression/index.js";
import { expectRelative, type SmallConfig } from "../icl/support.js";
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
	readonly heads: Record<string, { metrics: Metrics; relative_change: Metrics }>;
}

/** The run of a reference folder. */
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

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const run = await runOf(folder);
	const patched = referenceJson<Patched>("icl", "small", folder, "patched.json");
	const ablated = referenceJson<Ablated>("icl", "small", folder, "ablated.json");

	/** Every metric of a list before and after interventions. */
	const compare = async (names: readonly string[], interventions: Intervention[]) => {
		const measures = await Promise.all(names.map((name) => measuring(run, name)));
		const [before, after] = [await readMetrics(measures), await readMetrics(measures, { interventions })];
		const got = { before: {} as Metrics, after: {} as Metrics, relative: {} as Metrics };
		for (const [i, name] of names.entries()) {
			const change = compareRows(before[i] as Float64Array, after[i] as Float64Array, { resamples: 1 });
			for (const field of ["before", "after", "relative"] as const) got[field][name] = change[field];
		}
		return got;
	};
	const expectChange = (got: Metrics, wanted: Metrics): void => {
		// 1e-5 absolute; a change of many times its base carries the base's float32 rounding as often
		for (const [key, value] of Object.entries(wanted))
			expect(Math.abs((got[key] as number) - value), key).toBeLessThanOrEqual(
				1e-5 * Math.max(1, Math.abs(value)),
			);
	};

	test("replaced patterns: every metric and change in both spellings", async () => {
		const names = { head_2: "self-pair", head_3: "previous-token" } as const;
		const interventions = Object.entries(patched.mapping).map(([head, name]) => ({
			kind: "replace-pattern" as const,
			heads: [`0.${head}`],
			pattern: names[name],
		}));
		for (const wanted of [patched, patched.current_keys]) {
			const got = await compare(Object.keys(wanted.before), interventions);
			expectRelative(got.before, wanted.before, 1e-5);
			expectRelative(got.after, wanted.after, 1e-5);
			expectChange(got.relative, wanted.relative_change);
		}
	});

	test("ablated heads: every metric and change", async () => {
		for (const [name, wanted] of Object.entries(ablated.heads)) {
			const [, layer, head, kind] = /block_(\d+)\/head_(\d+)\/(zero|mean)/.exec(name) as RegExpExecArray;
			const interventions = [{ kind: kind as "zero" | "mean", heads: [`${layer}.${head}`] }];
			const got = await compare(Object.keys(wanted.metrics), interventions);
			expectRelative(got.before, ablated.baseline, 1e-5);
			expectRelative(got.after, wanted.metrics, 1e-5);
			expectChange(got.relative, wanted.relative_change);
		}
	});
});

describe("a run", async () => {
	const run = await runOf(referenceFolders("icl", "small")[0] as string);

	test("gives the evaluator's own number and a row for each of its sequences", async () => {
		const evaluator = await run.evaluator();
		for (const keys of ["early", "current"] as const) {
			const { metrics } = await evaluator.evaluate((xs, ys) => run.model.predict(xs, ys), {
				keys,
				subsequenceSeed: 7,
			});
			const names = Object.keys(metrics);
			const measures = await Promise.all(
				names.map((metric) => measuring(run, { kind: "evaluator", metric, subsequenceSeed: 7 })),
			);
			for (const [i, rows] of (await readMetrics(measures)).entries()) {
				const [name, value] = [names[i] as string, metrics[names[i] as string] as number];
				expect(rows).toHaveLength(64);
				const mean = rows.reduce((a, b) => a + b, 0) / rows.length;
				expect(Math.abs(mean - value), name).toBeLessThanOrEqual(1e-5 * value);
			}
		}
	});

	test("takes the first sequences, and short names mean the pre-training tasks", async () => {
		const all = await readMetric(await measuring(run, "pretrain/mse"));
		const first = await readMetric(await measuring(run, "mse", { samples: 10 }));
		expect([...first]).toEqual([...all.slice(0, 10)]);
	});

	test("scores heads on sequences that end in an x which they have shown before", async () => {
		const measure: Measure = await measuring(run, "head-score:induction@0.1", { samples: 12 });
		const rows = await readMetric(measure);
		expect(rows).toHaveLength(12);
		expect(rows.every((score) => score >= 0 && score <= 1)).toBe(true);
	});

	test("scores patterns as scorePatterns does, row by row", async () => {
		const scored = await scorePatterns(run, { samples: 20, seed: 3 });
		const names = PATTERN_SCORES.filter((name) => name !== "variability");
		const measures = await Promise.all(
			names.map((name) => measuring(run, `head-score:${name}@0.1`, { samples: 20, seed: 3 })),
		);
		for (const [i, rows] of (await readMetrics(measures)).entries()) {
			expect(rows).toHaveLength(20);
			const wanted = scored.get(names[i] as PatternScore)?.values[0]?.[1] as number;
			expect(rows.reduce((a, b) => a + b, 0) / 20, names[i]).toBeCloseTo(wanted, 5);
		}
		await expect(measuring(run, "head-score:variability@0.0")).rejects.toThrow("compares sequences");
	});

	test.each<[string, string, MeasureOptions, string]>([
		["metrics of language models", "loss", {}, "loss: is about token ids; a regression run has the metrics"],
		["rows of token ids", "mse", { ids: [[1, 2]] }, "ids: a run is evaluated on sequences of its own"],
		["prompts", "head-score:induction@0.0", { prompts: "a" }, "prompts and task are about token ids"],
		["prompts for patterns", "head-score:self_attn@0.0", { prompts: "a" }, "prompts: a run is evaluated on"],
		["more sequences than there are", "mse", { samples: 65 }, "samples 65, allowed 1..64"],
		["an example that there is none of", "token/99", {}, "no example 99, allowed 0.."],
	])("refuses %s", async (_, metric, options, message) => {
		await expect(measuring(run, metric, options)).rejects.toThrow(message);
	});
});
