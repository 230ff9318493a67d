import { groupOf } from "../metrics/evaluator.js";
import {
	type Measure,
	type MetricData,
	measuring,
	parseMetric,
	type RegressionRun,
} from "../metrics/index.js";
import { rowsOfTensor } from "../metrics/tensor-rows.js";
import { type EvaluationBatch, encodeTokens } from "../tasks/regression/index.js";
import { Random, Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { range } from "./rows.js";

/** How a run's sequences are corrupted. */
export const CORRUPTIONS = ["tasks", "labels"] as const;

/** "tasks": the ys of another row's task. "labels": the row's own ys in another order. The inputs x stay in both. */
export type Corruption = (typeof CORRUPTIONS)[number];

/** Sequences of a run of in-context regression, clean and corrupted, and how runs on them are measured. */
export interface RunPair {
	/**
	 * A metric of the run's evaluator, such as "mse", "true/token/3" or "delta_ridge". Errors are from the clean
	 * rows' targets on both sides. Default the squared error of the last prediction, `pretrain/token/k`.
	 */
	readonly metric?: string | MetricData;
	/**
	 * "tasks" (the default): each row's y = x . w + noise becomes x . w' + the same noise, with the tasks w permuted
	 * among the rows so that each gets another one than its own. "labels": each y becomes that of another example of the row.
	 */
	readonly corrupt?: Corruption;
	/** How many rows: the first of the evaluator's sequences. Default 256, or all where there are fewer. */
	readonly samples?: number;
	/** Of the permutation. Default 0. */
	readonly seed?: number;
}

/** Clean rows unless `samples` says otherwise. */
const DEFAULT_ROWS = 256;

/**
 * The evaluator's sequences as clean rows, and a measure of corrupted ones that keeps the clean targets: what brings the
 * clean prediction back lowers the error.
 * @throws {CausalError} for an unknown corruption, and rows that cannot be corrupted so; {MetricError} for a metric
 * that is not of the evaluator, and more samples than it has
 */
export async function runPair(
	run: RegressionRun,
	{ metric, corrupt = "tasks", samples, seed = 0, ...more }: RunPair,
): Promise<{ measure: Measure; clean: Measure["input"] }> {
	if ("clean" in more) reject("clean", "a run's clean rows are its evaluator's sequences; give samples");
	if (!Object.hasOwn(CORRUPT, corrupt))
		reject("corrupt", `got ${JSON.stringify(corrupt)}, allowed ${CORRUPTIONS.join(", ")}`);
	const { batches } = await run.evaluator();
	const last = (batches.pretrain.ys.shape[1] as number) - 1;
	const data = parseMetric(metric ?? `pretrain/token/${last}`);
	if (data.kind !== "evaluator")
		reject(
			"metric",
			`${data.kind}: allowed are metrics of the run's evaluator, such as mse or token/${last}`,
		);
	const batch = batches[groupOf(data.metric)];
	const count = samples ?? Math.min(DEFAULT_ROWS, batch.ys.shape[0] as number);
	const measure = await measuring(run, data, { samples: count });
	const { xs, ys, ws } = batch;
	const rows = {
		xs: rowsOfTensor(xs, 0, count),
		ys: rowsOfTensor(ys, 0, count),
		...(ws && { ws: rowsOfTensor(ws, 0, count) }),
	};
	const input = encodeTokens(rows.xs, CORRUPT[corrupt](rows, new Random(seed)));
	return { measure: { ...measure, input }, clean: measure.input };
}

/** The corrupted ys [row, example, 1] of rows. */
const CORRUPT: Readonly<Record<Corruption, (rows: EvaluationBatch, random: Random) => Tensor<"float32">>> = {
	tasks({ xs, ys, ws }, random) {
		if (!ws) reject("corrupt", 'the evaluator does not tell the rows\' tasks, allowed "labels"');
		const [count, examples, size] = xs.shape as [number, number, number];
		const donors = rowsOfOtherTasks(ws, random);
		const task = (row: number, d: number): number => Number(ws.data[row * size + d]);
		const changed = Float32Array.from({ length: count * examples }, (_, i) => {
			const row = Math.floor(i / examples);
			const donor = donors[row] as number;
			return range(0, size).reduce(
				(y, d) => y + Number(xs.data[i * size + d]) * (task(donor, d) - task(row, d)),
				Number(ys.data[i]),
			);
		});
		return new Tensor("float32", ys.shape, changed);
	},
	labels({ ys }, random) {
		const [count, examples] = ys.shape as [number, number];
		if (examples < 2) reject("corrupt", 'labels of a single example cannot be exchanged, allowed "tasks"');
		const changed = new Float32Array(ys.size);
		for (let row = 0; row < count; row++) {
			// one cycle, so that no example keeps its own
			const order = random.shuffle(range(0, examples));
			for (const [i, k] of order.entries())
				changed[row * examples + k] = Number(ys.data[row * examples + (order[(i + 1) % examples] as number)]);
		}
		return new Tensor("float32", ys.shape, changed);
	},
};

/**
 * A permutation that gives each row one of another task: rows in random order, those of one task side by side, each
 * mapped as many places on as the most frequent task has rows.
 * @throws {CausalError} where one task has more than half of the rows
 */
function rowsOfOtherTasks(ws: Tensor, random: Random): number[] {
	const [count, size] = ws.shape as [number, number];
	const byTask = new Map<string, number[]>();
	for (const row of random.shuffle(range(0, count))) {
		const task = ws.data.slice(row * size, (row + 1) * size).join();
		const same = byTask.get(task);
		if (same) same.push(row);
		else byTask.set(task, [row]);
	}
	const groups = [...byTask.values()];
	const shift = groups.reduce((most, { length }) => Math.max(most, length), 0);
	if (2 * shift > count) {
		reject(
			"corrupt",
			`tasks: one task has ${shift} of the ${count} rows, allowed half of them, so that every row can get another's; take more samples, a metric of true/, or "labels"`,
		);
	}
	const order = groups.flat();
	const donors = Array<number>(count).fill(0);
	for (const [i, row] of order.entries()) donors[row] = order[(i + shift) % count] as number;
	return donors;
}
