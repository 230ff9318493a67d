import { input } from "../graph/ops/index.js";
import type { Readout, RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import type { BoundMetric, Measure } from "./metric.js";

/** What a metric is read under: everything about a run but its rows. */
export type MetricRunOptions = Omit<RunOptions, "bos" | "mask" | "logitsAt" | "startAtLayer" | "stopAtLayer">;

/** Bytes that the logits of one run may take. Rows that a run could mix are never taken apart. */
const MEMORY = 256 * 2 ** 20;

/** The name that an input of a metric has in the graph. */
export function metricFeed(name: string): string {
	return `metric:${name}`;
}

/**
 * The metric's number of each row, in one run of the model: only those numbers leave the engine. Rows of an unchanged
 * model go through it in several runs where their logits would take much memory.
 * @param run what is changed on the way
 */
export async function readMetric(measure: Measure, run: MetricRunOptions = {}): Promise<Float64Array> {
	const { model, input: rows, mask, metric } = measure;
	const values = new Float64Array(metric.rows);
	const size = rowsPerRun(measure, run);
	for (let from = 0; from < metric.rows; from += size) {
		const to = Math.min(from + size, metric.rows);
		const cut = <T extends Tensor>(tensor: T): T => rowsOfTensor(tensor, from, to);
		const feeds = Object.entries(metric.feeds).map(([name, tensor]) => [metricFeed(name), cut(tensor)]);
		const readout: Readout = {
			names: metric.names,
			feeds: Object.fromEntries(feeds) as Record<string, Tensor>,
			outputs: outputsOf(metric),
		};
		const found = await model.read(cut(rows as Tensor<"int32">), readout, {
			...run,
			...(mask && { mask: cut(mask) }),
			...(metric.at && { logitsAt: metric.at.slice(from, to) }),
		});
		for (const [i, value] of (found.get("metric") as Tensor<"float32">).data.entries())
			values[from + i] = value;
	}
	return values;
}

/** Rows `from` to `to - 1` along the first axis. */
export function rowsOfTensor<T extends Tensor>(tensor: T, from: number, to: number): T {
	const [rows = 0, ...rest] = tensor.shape;
	if (from === 0 && to === rows) return tensor;
	const width = tensor.size / rows;
	const data = tensor.data.slice(from * width, to * width) as T["data"];
	return new Tensor(tensor.dtype, [to - from, ...rest], data, tensor.axes) as T;
}

/** Readouts by what they compute: a model knows a readout by its function. */
const outputs = new WeakMap<BoundMetric["graph"], Readout["outputs"]>();

function outputsOf({ graph }: BoundMetric): Readout["outputs"] {
	const known = outputs.get(graph);
	if (known) return known;
	const made: Readout["outputs"] = (get, g) => ({
		metric: graph(get, g, (name, shape, dtype = "float32") => input(metricFeed(name), dtype, shape)),
	});
	outputs.set(graph, made);
	return made;
}

function rowsPerRun({ model, metric }: Measure, run: MetricRunOptions): number {
	// a mean over the batch, a permutation of rows or a function may look at all rows at once
	const mayMixRows = run.interventions?.length || run.hooks || run.hostHooks?.length || run.patches;
	if (mayMixRows || !metric.at) return metric.rows;
	// the logits, and what the metric makes of them
	const bytes = 3 * 4 * model.config.vocab * (metric.at[0]?.length ?? 0);
	return Math.max(1, Math.floor(MEMORY / bytes));
}
