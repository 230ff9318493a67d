import { editsOf } from "../interventions/registry.js";
import type { Model } from "../models/model.js";
import { isBeforeBlocks, layerOf } from "../models/request.js";
import type { RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import { jointReadout } from "./joint-readout.js";
import type { BoundMetric, Measure } from "./metric.js";
import { rowsOfTensor, sameRows } from "./tensor-rows.js";

/** What a metric is read under: everything about a run but its rows. */
export type MetricRunOptions = Omit<RunOptions, "bos" | "mask" | "logitsAt" | "startAtLayer" | "stopAtLayer">;

/** Bytes that the logits of one run may take, with what a metric makes of them. */
const MEMORY = 512 * 2 ** 20;

/**
 * The metric's number of each row: only those numbers leave the engine, and only scored positions are unembedded, in
 * several parts where their logits would take much memory.
 * @param run what is changed on the way
 */
export async function readMetric(measure: Measure, run: MetricRunOptions = {}): Promise<Float64Array> {
	return (await readMetrics([measure], run))[0] as Float64Array;
}

/**
 * `readMetric` of several: those of the same rows of a model share a run.
 * @param memory bytes that the logits of one part may take, about. Default 512 MiB
 */
export async function readMetrics(
	measures: readonly Measure[],
	run: MetricRunOptions = {},
	memory: number = MEMORY,
): Promise<Float64Array[]> {
	const results = measures.map(({ metric }) => new Float64Array(metric.rows));
	const left = new Set(measures.keys());
	for (const first of left) {
		const shared = [...left].filter((i) => share(measures[first] as Measure, measures[i] as Measure));
		for (const i of shared) left.delete(i);
		const metrics = shared.map((i) => (measures[i] as Measure).metric);
		await readTogether(measures[first] as Measure, metrics, run, memory, (i, row, value) => {
			(results[shared[i] as number] as Float64Array)[row] = value;
		});
	}
	return results;
}

/** Whether two can be read in one run. Those that read points of layers need all rows at once, and stay apart. */
function share(a: Measure, b: Measure): boolean {
	return (
		a.model === b.model &&
		a.metric.names.length > 0 === b.metric.names.length > 0 &&
		sameRows(a.input, b.input) &&
		sameRows(a.mask, b.mask)
	);
}

async function readTogether(
	{ model, input, mask }: Measure,
	metrics: readonly BoundMetric[],
	run: MetricRunOptions,
	memory: number,
	put: (metric: number, row: number, value: number) => void,
): Promise<void> {
	const changes = changesOf(model, run);
	const [rows, length] = input.shape as [number, number];
	// what is changed behind the blocks is changed at every position, not only at those that are scored
	const behind = changes === "behind the blocks";
	const { at, scored, readout } = jointReadout(metrics, behind ? length : undefined);
	const size = Math.max(1, Math.floor(memory / (3 * 4 * model.config.vocab * Math.max(1, scored))));
	const whole = size >= rows || scored === 0 || behind || metrics.some(({ names }) => names.length > 0);
	const [first, options] =
		whole || changes === "none" ? [input, run] : await toTheLogits(model, input, mask, run);
	const step = whole ? rows : size;
	for (let from = 0; from < rows; from += step) {
		const to = Math.min(from + step, rows);
		const found = await model.read(rowsOfTensor(first as Tensor<"float32">, from, to), readout(from, to), {
			...options,
			...(mask && { mask: rowsOfTensor(mask, from, to) }),
			...(at && !behind && { logitsAt: at.slice(from, to) }),
		});
		for (const i of metrics.keys()) {
			const { data } = found.get(String(i)) as Tensor<"float32">;
			for (const [r, value] of data.entries()) put(i, from + r, value);
		}
	}
}

/**
 * Where a run is changed. Changes inside the blocks may look at all rows at once (means, permutations), so that rows are
 * taken apart only behind them.
 */
function changesOf(model: Model, run: MetricRunOptions): "none" | "in the blocks" | "behind the blocks" {
	// functions and other weights may be anywhere
	if (run.hooks || run.hostHooks?.length || run.patches || run.weights) return "behind the blocks";
	const interventions = [...(run.interventions ?? []), ...(run.cells?.flat() ?? [])];
	if (interventions.length === 0) return "none";
	const sizes = { ...model.sizes, dictionaries: run.dictionaries };
	const behind = editsOf(interventions, sizes).some(
		({ point }) => layerOf(point) === undefined && !isBeforeBlocks(point),
	);
	return behind ? "behind the blocks" : "in the blocks";
}

/** The residual stream of all rows behind the blocks, and how a run goes on from it. */
async function toTheLogits(
	model: Model,
	input: Measure["input"],
	mask: Measure["mask"],
	run: MetricRunOptions,
): Promise<[Tensor<"float32">, RunOptions]> {
	const { nLayers } = model.config;
	const stream = await model.run(input, { ...run, ...(mask && { mask }), stopAtLayer: nLayers });
	return [stream, { startAtLayer: nLayers, ...(run.signal && { signal: run.signal }) }];
}
