import type { BoundMetric, Measure } from "../metrics/index.js";
import type { Readout } from "../models/run-options.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import { range } from "./rows.js";
import { metricFeeds, metricValue, takeRows } from "./taken-rows.js";

/** Readouts by the metric's function, by which a model knows them. */
const readouts = new WeakMap<BoundMetric["graph"], Readout["outputs"]>();

/** A metric as what is computed on top of a run: "metric" [rows]. */
export function metricOutputs(metric: BoundMetric): Readout["outputs"] {
	const known = readouts.get(metric.graph);
	if (known) return known;
	const made: Readout["outputs"] = (get, g) => ({ metric: metricValue(metric, get, g) });
	readouts.set(metric.graph, made);
	return made;
}

/**
 * The metric of every row from the residual stream behind the last layer. Only scored positions are unembedded.
 * @param stream [cells * rows, pos, d_model], the measure's rows for each cell
 * @param first the position of the sequence that the stream begins at
 * @param scored rows times scored positions that may be unembedded at once
 */
export async function readStream(
	{ model, metric }: Measure,
	stream: Tensor<"float32">,
	first: number,
	scored: number,
	signal?: AbortSignal,
): Promise<Float64Array> {
	const rows = stream.shape[0] as number;
	const { at } = metric;
	const most = Math.max(1, Math.floor(scored / (at?.[0]?.length ?? (stream.shape[1] as number))));
	// equal shares: every run packs the unembedding's matrix anew
	const perRun = Math.ceil(rows / Math.ceil(rows / most));
	const values = new Float64Array(rows);
	for (let from = 0; from < rows; from += perRun) {
		const chunk = range(from, Math.min(from + perRun, rows));
		const own = chunk.map((row) => row % metric.rows);
		const feeds = metricFeeds(metric, own);
		const input = at
			? positionsOf(stream, chunk, (i) => at[own[i] as number] as readonly number[], first)
			: takeRows(stream, chunk);
		const readout = { names: [], outputs: metricOutputs(metric), feeds };
		const found = await model.read(input, readout, {
			startAtLayer: model.config.nLayers,
			...(signal && { signal }),
		});
		values.set((found.get("metric") as Tensor<"float32">).data, from);
	}
	return values;
}

/** Some rows of a stream, each at its own positions: [rows, scored, d_model]. */
function positionsOf(
	stream: Tensor<"float32">,
	rows: readonly number[],
	at: (i: number) => readonly number[],
	first: number,
): Tensor<"float32"> {
	const [, pos, width] = stream.shape as [number, number, number];
	const scored = at(0).length;
	const taken = Tensor.zeros([rows.length, scored, width]);
	for (const [i, row] of rows.entries()) {
		for (const [s, p] of at(i).entries()) {
			const start = sizeOf([row * pos + p - first, width]);
			taken.data.set(stream.data.subarray(start, start + width), (i * scored + s) * width);
		}
	}
	return taken;
}
