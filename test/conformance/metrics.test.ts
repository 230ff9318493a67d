/** What every metric must satisfy, on a model that it is made for. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { grad } from "../../src/graph/grad.js";
import { input } from "../../src/graph/ops/index.js";
import { type G, type Intervention, loadModel, type Tensor, type Value } from "../../src/index.js";
import {
	compareRows,
	METRICS,
	type Measure,
	type MeasureOf,
	type MeasureOptions,
	type MetricData,
	measuring,
	readMetric,
} from "../../src/metrics/index.js";
import { metricFeed } from "../../src/metrics/joint-readout.js";
import { rowsOfTensor } from "../../src/metrics/tensor-rows.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { discreteTasks, Evaluator, RegressionSequences } from "../../src/tasks/regression/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const task = { task_size: 3, max_examples: 4, embed_size: 16, mlp_size: 12, num_heads: 2, num_layers: 2 };
const prior = discreteTasks(8, 3, 1);
const evaluator = Evaluator.draw({ prior, noiseVariance: 0.25, numExamples: 4, batchSize: 16 });
const subjects: Record<"language" | "regression", MeasureOf> = {
	language: await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine }),
	regression: {
		model: await RegressionModel.fresh(regressionConfig(task), 0, { engine }),
		pretrainDist: new RegressionSequences(prior, 0.25),
		evaluator: async () => evaluator,
	},
};
const zero: Intervention = { kind: "zero", heads: ["0.0", "0.1", "1.0"] };

const cases = METRICS.flatMap(({ kind, of, examples }) =>
	of.flatMap((subject) =>
		examples.map(
			({ data, rows = {} }) =>
				[
					`${kind} of a ${subject} model: ${JSON.stringify({ data, rows })}`,
					subject,
					data as MetricData,
					rows,
				] as const,
		),
	),
);

/** One row of a measure, as if it were alone. */
function oneRow({ model, input: rows, mask, metric }: Measure, r: number): Measure {
	const cut = <T extends Tensor>(tensor: T): T => rowsOfTensor(tensor, r, r + 1);
	return {
		model,
		input: cut(rows as Tensor<"int32">),
		...(mask && { mask: cut(mask) }),
		metric: {
			...metric,
			rows: 1,
			at: metric.at?.slice(r, r + 1),
			feeds: Object.fromEntries(Object.entries(metric.feeds).map(([name, tensor]) => [name, cut(tensor)])),
		},
	};
}

describe.each(cases)("%s", (_, subject, data, rows: MeasureOptions) => {
	const of = subjects[subject];
	const measure = measuring(of, data, rows);

	test("is plain data, and the same rows and numbers each time", async () => {
		const copy = await measuring(of, JSON.parse(JSON.stringify(data)) as MetricData, rows);
		expect(await readMetric(copy)).toEqual(await readMetric(await measure));
		expect(Object.keys(copy.metric.feeds)).toEqual(Object.keys((await measure).metric.feeds));
	});

	test("gives a finite number for each row, which a change of the model moves and none leaves", async () => {
		const bound = await measure;
		const before = await readMetric(bound);
		expect(before).toHaveLength(bound.metric.rows);
		expect(before.every(Number.isFinite)).toBe(true);
		const off = await readMetric(bound, { interventions: [{ ...zero, strength: 0 }] });
		expect(compareRows(before, off).change).toBeCloseTo(0, 6);
		const after = await readMetric(bound, { interventions: [zero] });
		expect(after.every(Number.isFinite)).toBe(true);
		expect(after.some((value, row) => Math.abs(value - (before[row] as number)) > 1e-6)).toBe(true);
	});

	test("takes each row by itself", async () => {
		const bound = await measure;
		const all = await readMetric(bound);
		for (const r of [0, bound.metric.rows - 1]) {
			const [alone] = await readMetric(oneRow(bound, r));
			expect(Math.abs((alone as number) - (all[r] as number))).toBeLessThan(2e-5);
		}
	});

	test("compiles nothing for other rows", async () => {
		const bound = await measure;
		await readMetric(bound);
		const runs = vi.spyOn(engine, "run");
		await readMetric(bound);
		await readMetric(oneRow(bound, 0));
		// padded and unpadded rows have a program each
		const alike = runs.mock.calls.length === 2 && !bound.mask;
		const [first, second] = runs.mock.calls.map(([{ program }]) => program);
		runs.mockRestore();
		if (alike) expect(second).toBe(first);
	});

	test("has a gradient wherever it reads logits smoothly", async () => {
		const { model, input: rows, mask, metric } = await measure;
		if (metric.at === undefined || data.kind === "rank") return;
		const outputs = (get: (name: string) => Value, g: G) => {
			const value = metric.graph(get, g, (name, shape, dtype = "float32") =>
				input(metricFeed(name), dtype, shape),
			);
			const [d] = grad(g.sum(value, 0, { keepDims: false }), [get("blocks.1.hook_resid_post")]);
			return { d: d as Value };
		};
		const feeds = Object.fromEntries(
			Object.entries(metric.feeds).map(([name, tensor]) => [metricFeed(name), tensor]),
		);
		const run = { logitsAt: metric.at, ...(mask && { mask }), interventions: [zero] };
		const readout = { names: "blocks.1.hook_resid_post", outputs, feeds, concrete: true };
		const gradient = (await model.read(rows, readout, run)).get("d") as Tensor;
		expect(gradient.data.every((x) => Number.isFinite(Number(x)))).toBe(true);
		expect(gradient.data.some((x) => x !== 0)).toBe(true);
	});
});
