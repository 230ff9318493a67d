import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { metricFeed } from "../metrics/joint-readout.js";
import type { BoundMetric, Measure } from "../metrics/metric.js";
import type { RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";

/** Rows of a tensor by index, each as often as it is named. */
export function takeRows<T extends Tensor>(tensor: T, rows: readonly number[]): T {
	const count = tensor.shape[0] as number;
	if (rows.length === count && rows.every((row, i) => row === i)) return tensor;
	const width = tensor.size / count;
	const data = new (tensor.data.constructor as new (length: number) => Float32Array)(rows.length * width);
	for (const [i, row] of rows.entries()) {
		data.set(tensor.data.subarray(row * width, (row + 1) * width) as Float32Array, i * width);
	}
	return new Tensor(tensor.dtype, [rows.length, ...tensor.shape.slice(1)], data as never, tensor.axes) as T;
}

/** Rows one after the other, `times` times: what a batch of cells is fed where each cell has the same rows. */
export function repeated(rows: readonly number[], times: number): number[] {
	return Array.from({ length: times }, () => rows).flat();
}

/** What a run on some rows of a measure is given beside its input. */
export function runOn(
	{ mask, metric }: Measure,
	rows: readonly number[],
): Pick<RunOptions, "mask" | "logitsAt"> {
	return {
		...(mask && { mask: takeRows(mask, rows) }),
		...(metric.at && { logitsAt: rows.map((row) => metric.at?.[row] as readonly number[]) }),
	};
}

/** The metric's feeds for some rows. */
export function metricFeeds(metric: BoundMetric, rows: readonly number[]): Record<string, Tensor> {
	const named = Object.entries(metric.feeds).map(([name, tensor]) => [
		metricFeed(name),
		takeRows(tensor, rows),
	]);
	return Object.fromEntries(named) as Record<string, Tensor>;
}

/** The metric [rows] in a graph that is fed `metricFeeds`. */
export function metricValue(metric: BoundMetric, get: (name: string) => Value, g: G): Value {
	return metric.graph(get, g, (name, shape, dtype = "float32") => g.input(metricFeed(name), dtype, shape));
}

/** Chunks of a list, at most `size` long. */
export function chunksOf<T>(list: readonly T[], size: number): T[][] {
	return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
		list.slice(i * size, (i + 1) * size),
	);
}
