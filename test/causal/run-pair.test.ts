/** Patching, attribution and paths on runs of in-context regression: the rows, and the laws that hold on them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	ATTRIBUTION_POINTS,
	attributionPatching,
	patchActivations,
	pathPatching,
	sumPositions,
} from "../../src/causal/index.js";
import { pairOf } from "../../src/causal/pair-of.js";
import type { RunPair } from "../../src/causal/run-pair.js";
import { readMetric } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { decodeTokens, Evaluator } from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { referenceFolders } from "../reference-data.js";
import { smallRun } from "./small-run.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
type Small = Awaited<ReturnType<typeof smallRun>>;

/** The sequences of both sides. */
async function sequences(run: Small, options: RunPair) {
	const { measure, clean } = await pairOf(run, options);
	return { measure, clean: decodeTokens(clean), corrupt: decodeTokens(measure.input) };
}

describe("rows", () => {
	let run: Small;
	beforeAll(async () => {
		run = await smallRun("l2h4-m64", engine);
	});

	test("clean ones are the evaluator's, and their metric is the evaluator's number", async () => {
		const { xs, ys } = run.batch.batches.pretrain;
		const { clean } = await sequences(run, {});
		expect(clean.xs.data).toEqual(xs.data);
		expect(clean.ys.data).toEqual(ys.data);
		const { metrics } = await run.batch.evaluate((x, y) => run.model.predict(x, y));
		for (const metric of ["pretrain/mse", "true/token/3", "delta_ridge"]) {
			const found = await patchActivations(run, { metric, at: "attn_out", by: "all", samples: 64 });
			const key = { "true/token/3": "true/token/3", "pretrain/mse": "pretrain/mse" }[metric];
			expect(found.clean).toBeCloseTo(metrics[key ?? "pretrain/delta_ridge"] as number, 5);
			expect(found.metric).toBe(metric === "delta_ridge" ? "pretrain/delta_ridge" : metric);
		}
	});

	test.each(["pretrain/mse", "true/mse"])(
		"%s: tasks are permuted, none stays, inputs and noise do",
		async (metric) => {
			const { xs, ws } = run.batch.batches[metric === "true/mse" ? "true" : "pretrain"] as {
				xs: Tensor;
				ws: Tensor;
			};
			const { clean, corrupt } = await sequences(run, { metric });
			const [rows, examples, size] = xs.shape as [number, number, number];
			expect(corrupt.xs.data).toEqual(clean.xs.data);
			const predicted = (row: number, task: number, k: number): number =>
				Array.from({ length: size }, (_, d) => Number(xs.at(row, k, d)) * Number(ws.at(task, d))).reduce(
					(a, b) => a + b,
				);
			const tasks = Array.from({ length: rows }, (_, row) => ws.select(row).data.join());
			const taken = Array.from({ length: rows }, (_, row) => {
				// the task whose targets are as far from the row's y as the own task's are
				const fits = (task: number): boolean =>
					Array.from({ length: examples }, (_, k) => k).every(
						(k) =>
							Math.abs(
								corrupt.ys.at(row, k, 0) -
									predicted(row, task, k) -
									clean.ys.at(row, k, 0) +
									predicted(row, row, k),
							) < 1e-4,
					);
				const found = tasks.findIndex((_, task) => fits(task));
				expect(found, `row ${row}`).toBeGreaterThanOrEqual(0);
				expect(tasks[found]).not.toBe(tasks[row]);
				return tasks[found] as string;
			});
			expect([...taken].sort()).toEqual([...tasks].sort());
		},
	);

	test("labels change places within the row, all of them", async () => {
		const { clean, corrupt } = await sequences(run, { corrupt: "labels", samples: 20 });
		expect(corrupt.xs.data).toEqual(clean.xs.data);
		const length = clean.ys.shape[1] as number;
		for (let row = 0; row < 20; row++) {
			const [a, b] = [clean, corrupt].map(({ ys }) => [...ys.data.slice(row * length, (row + 1) * length)]);
			expect([...(b ?? [])].sort()).toEqual([...(a ?? [])].sort());
			expect(b?.some((y, k) => y === a?.[k])).toBe(false);
		}
	});

	test("the seed says which; the default metric is the squared error of the last prediction", async () => {
		const of = async (options: RunPair) => (await pairOf(run, options)).measure;
		const [first, again, other] = [await of({}), await of({ seed: 0 }), await of({ seed: 1 })];
		expect(again.input.data).toEqual(first.input.data);
		expect(other.input.data).not.toEqual(first.input.data);
		expect(first.metric).toMatchObject({ name: "pretrain/token/7", rows: 64 });
		const { xs, ys } = run.batch.batches.pretrain;
		const predictions = await run.model.predict(
			...(Object.values(decodeTokens(first.input)) as [Tensor, Tensor]),
		);
		for (const [row, error] of (await readMetric(first)).entries())
			expect(error).toBeCloseTo((predictions.at(row, 7, 0) - Number(ys.at(row, 7, 0))) ** 2, 4);
		expect(xs.shape[0]).toBe(64);
	});

	test("what cannot be corrupted so is refused", async () => {
		const single = await smallRun("l2h4-m1", engine);
		await expect(patchActivations(single)).rejects.toThrow(
			'corrupt: tasks: one task has 64 of the 64 rows, allowed half of them, so that every row can get another\'s; take more samples, a metric of true/, or "labels"',
		);
		expect((await patchActivations(single, { corrupt: "labels", at: "z" })).values.size).toBe(8);
		expect((await patchActivations(single, { metric: "true/mse", at: "z" })).values.size).toBe(8);
		await expect(patchActivations(run, { samples: 1 })).rejects.toThrow(
			"corrupt: tasks: one task has 1 of the 1 rows",
		);
		await expect(patchActivations(run, { samples: 65 })).rejects.toThrow("samples 65, allowed 1..64");
		await expect(patchActivations(run, { metric: "loss" })).rejects.toThrow(
			"metric: loss: allowed are metrics of the run's evaluator, such as mse or token/7",
		);
		await expect(patchActivations(run, { metric: "token/8" })).rejects.toThrow("no example 8, allowed 0..7");
		await expect(patchActivations(run, { corrupt: "noise" as "labels" })).rejects.toThrow(
			'corrupt: got "noise", allowed tasks, labels',
		);
		await expect(patchActivations(run, { clean: "red" } as object)).rejects.toThrow(
			"clean: a run's clean rows",
		);
		const { xs, ys } = run.batch.batches.pretrain;
		const bare = new Evaluator(
			{ prior: run.pretrainDist.prior, noiseVariance: 0.125 },
			{ pretrain: { xs, ys }, true: { xs, ys } },
		);
		await expect(patchActivations({ ...run, evaluator: async () => bare })).rejects.toThrow(
			"corrupt: the evaluator does not tell the rows' tasks",
		);
	});
});

describe.each(referenceFolders("icl", "small"))("%s", (folder) => {
	const pair: RunPair = { corrupt: "labels", samples: 12, metric: "true/mse" };
	let run: Small;
	beforeAll(async () => {
		run = await smallRun(folder, engine);
	});

	test("patching a run with itself changes nothing", async () => {
		const { measure } = await pairOf(run, pair);
		for (const at of ATTRIBUTION_POINTS) {
			const { values, corrupt, effects } = await patchActivations(measure, { clean: measure.input, at });
			for (const value of values.data) expect(Math.abs(value - corrupt)).toBeLessThanOrEqual(2e-5);
			expect(effects.data.every(Number.isNaN)).toBe(true);
		}
	});

	test("the whole stream of any layer brings the clean run back, and of inputs all positions do", async () => {
		const all = await patchActivations(run, { ...pair, by: "all" });
		expect(Math.abs(all.clean - all.corrupt)).toBeGreaterThan(1e-3);
		for (const value of all.values.data) expect(Math.abs(value / all.clean - 1)).toBeLessThanOrEqual(2e-5);
		for (const effect of all.effects.data) expect(effect).toBeCloseTo(1, 3);
		// a token that both sides share changes nothing at the embedding
		const each = await patchActivations(run, pair);
		expect(each.values.shape).toEqual([run.model.config.nLayers, 2 * run.model.config.maxExamples]);
		for (const [p, value] of each.values.select(0).data.entries())
			if (p % 2 === 0) expect(Math.abs(value - each.corrupt)).toBeLessThanOrEqual(2e-5 * each.corrupt);
	});

	test("attribution is patching to first order, at every point", async () => {
		const { measure, clean } = await pairOf(run, pair);
		const corrupt = measure.input.data as Float32Array;
		/** The corrupted rows, moved a part of the way to the clean ones. */
		const moved = (share: number): Tensor<"float32"> => {
			const data = Float32Array.from(
				clean.data as Float32Array,
				(value, i) => (corrupt[i] as number) + share * (value - (corrupt[i] as number)),
			);
			return new Tensor("float32", clean.shape, data);
		};
		// both ways, so that what is left of the difference is of third order
		const [to, fro] = [moved(0.003), moved(-0.003)];
		const above = await attributionPatching(measure, { clean: to, at: ATTRIBUTION_POINTS });
		const below = await attributionPatching(measure, { clean: fro, at: ATTRIBUTION_POINTS });
		for (const at of ATTRIBUTION_POINTS) {
			const { values: more } = await patchActivations(measure, { clean: to, at });
			const { values: less } = await patchActivations(measure, { clean: fro, at });
			const changes = more.data.map((value, i) => (value - (less.data[i] as number)) / 2);
			const estimates = [above, below].map(({ points }) => {
				const found = points.get(at) as Tensor<"float64">;
				return more.shape.length < found.shape.length ? sumPositions(found).data : found.data;
			}) as [Float64Array, Float64Array];
			const largest = changes.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
			// before the first attention x tokens are the same on both sides, and predictions stand at them
			const same = at === "q" && run.model.config.nLayers === 1;
			if (same) expect(largest).toBe(0);
			else expect(largest, at).toBeGreaterThan(5e-6);
			for (const [i, change] of changes.entries()) {
				const estimate = ((estimates[0][i] as number) - (estimates[1][i] as number)) / 2;
				expect(Math.abs(estimate - change), `${at} ${i}`).toBeLessThanOrEqual(0.03 * largest + 1e-6);
			}
		}
	});

	test("each takes the run itself as it takes the bound pair", async () => {
		const { measure, clean } = await pairOf(run, pair);
		const [a, b] = [
			await patchActivations(run, { ...pair, at: "z" }),
			await patchActivations(measure, { clean, at: "z" }),
		];
		expect(a).toEqual(b);
		expect(await attributionPatching(run, pair)).toEqual(await attributionPatching(measure, { clean }));
		const paths = await pathPatching(run, { ...pair, senders: ["all"], norms: "recomputed" });
		expect(paths).toEqual(await pathPatching(measure, { clean, senders: ["all"], norms: "recomputed" }));
		expect(paths.values.data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
	});
});
