import { grad, isDifferentiable } from "../graph/grad.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Measure, MeasureOf, RegressionRun } from "../metrics/metric.js";
import type { Model } from "../models/model.js";
import type { Readout } from "../models/run-options.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import { type AttributionPoint, attributionPoint, attributionPoints, nameAt } from "./attribution-points.js";
import { reject } from "./errors.js";
import { checkMemory, DEFAULT_MEMORY } from "./memory.js";
import { type CleanOptions, type PairOptions, type PromptPair, pairOf } from "./pair-of.js";
import type { RunPair } from "./run-pair.js";
import { chunksOf, metricFeeds, metricValue, repeated, runOn, takeRows } from "./taken-rows.js";

/** What is attributed to, and how the gradient is taken. */
export interface AttributionOptions {
	/** Points by their short names, `ATTRIBUTION_POINTS`. Default `["z"]`. */
	readonly at?: readonly string[];
	/**
	 * Integrated gradients: the gradient is the mean of so many, at inputs between the corrupted and the clean one.
	 * 0, the default, is the gradient of the corrupted run alone.
	 */
	readonly steps?: number;
	/** Bytes that the activations of one run may take, about. Default 768 MiB; a single row may need more. */
	readonly memory?: number;
	readonly signal?: AbortSignal;
	/** Rows that are done, of all (with integrated gradients: rows times steps). */
	readonly onProgress?: (done: number, total: number) => void;
}

/** What attribution patching gives: an estimate, for every place, of what patching it would change. */
export interface Attribution {
	/** Name of the metric. */
	readonly metric: string;
	/** The metric of the clean and of the corrupted run: means over rows. */
	readonly clean: number;
	readonly corrupt: number;
	readonly rows: number;
	readonly steps: number;
	/**
	 * Estimated change of the mean metric, by point: [layer, pos] for the residual stream and what is written to it,
	 * [layer, pos, head] for z and q, [layer, pos, kv_head] for k and v, [layer, query, head] for patterns.
	 */
	readonly points: ReadonlyMap<AttributionPoint, Tensor<"float64">>;
}

/** The point whose value integrated gradients move: the embedding, before the first layer. */
const START = "blocks.0.hook_resid_pre";

/**
 * Attribution patching: a first-order estimate of activation patching for every layer, head and position at once, from one
 * forward and one backward pass on the corrupted run.
 *
 *     attribution = (a_clean - a_corrupt) . dM/da (corrupt)
 *
 * summed over the channels of a place; M is the mean of the metric over rows (Nanda 2023, "Attribution patching";
 * Syed et al. 2023; Kramar et al. 2024). With `steps` n the gradient is the mean of those on n inputs
 * between both runs, e_corrupt + (k - 1/2) / n (e_clean - e_corrupt) for k = 1..n, where e is what the first layer
 * reads: EAP-IG of Hanna et al. 2024 with the midpoint rule. Summed over positions, "resid_pre" of layer 0 is then the
 * whole change of the metric (completeness, Sundararajan et al. 2017).
 * @param of a language model with prompts, a regression run, or a metric that is bound to the corrupted rows
 * @throws {CausalError} for an unknown point, rows of another shape, and a metric that is not differentiable
 */
export async function attributionPatching(
	of: Measure,
	options: AttributionOptions & CleanOptions,
): Promise<Attribution>;
export async function attributionPatching(
	of: Model,
	options: AttributionOptions & PromptPair,
): Promise<Attribution>;
export async function attributionPatching(
	of: RegressionRun,
	options?: AttributionOptions & RunPair,
): Promise<Attribution>;
export async function attributionPatching(
	of: MeasureOf | Measure,
	options: AttributionOptions & PairOptions = {},
): Promise<Attribution> {
	const { at = ["z"], steps = 0, memory = DEFAULT_MEMORY, signal, onProgress } = options;
	if (!Number.isSafeInteger(steps) || steps < 0)
		reject("steps", `got ${steps}, allowed whole numbers from 0`);
	checkMemory(memory);
	const points = attributionPoints(at);
	const { measure, clean } = await pairOf(of, options);
	const { model, metric } = measure;
	const layers = [...Array(model.config.nLayers).keys()];
	const names = points.flatMap((point) => layers.map((layer) => nameAt(point, layer)));
	const reads = new Graphs(measure, points, names);
	const sums = new Map<string, Float64Array>();
	const means = { clean: 0, corrupt: 0 };
	const perRun = rowsInMemory(measure, memory);
	const total = metric.rows * Math.max(1, steps);
	let done = 0;
	const advance = (count: number): void => {
		done += count;
		onProgress?.(done, total);
	};
	const alphas = Array.from({ length: steps }, (_, k) => (k + 0.5) / steps);

	for (const rows of chunksOf([...Array(metric.rows).keys()], perRun)) {
		signal?.throwIfAborted();
		const first = await reads.record(takeRows(clean, rows), rows);
		means.clean += first.metric / metric.rows;
		if (steps === 0) {
			const found = await reads.gradients(rows, first.tensors);
			means.corrupt += sumOf(found.get(METRIC)) / metric.rows;
			add(sums, found, names, 1 / metric.rows);
			advance(rows.length);
			continue;
		}
		const second = await reads.record(takeRows(measure.input as Tensor<"int32">, rows), rows);
		means.corrupt += second.metric / metric.rows;
		const deltas = differences(first.tensors, second.tensors);
		for (const part of chunksOf(alphas, Math.max(1, Math.floor(perRun / rows.length)))) {
			signal?.throwIfAborted();
			const found = await reads.between(rows, part, second.tensors.get(START) as Tensor, deltas);
			add(sums, found, names, 1 / metric.rows / steps);
			advance(rows.length * part.length);
		}
	}
	const length = measure.input.shape[1] as number;
	return {
		metric: metric.name,
		...means,
		rows: metric.rows,
		steps,
		points: new Map(points.map((point) => [point, stacked(model, point, length, sums)])),
	};
}

const METRIC = "metric";
const CLEAN = "clean:";
const DELTA = "delta:";

/** Activations of some rows, and the sum of their metric. */
interface Recorded {
	readonly metric: number;
	readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The runs of one attribution. Their functions are made once, since a model knows a readout by its function. */
class Graphs {
	private readonly recorded: Readout["outputs"];
	private readonly fromClean: Readout["outputs"];
	private readonly fromDelta: Readout["outputs"];

	constructor(
		private readonly measure: Measure,
		private readonly points: readonly AttributionPoint[],
		private readonly names: readonly string[],
	) {
		const { metric } = measure;
		this.recorded = (get, g) => ({
			[METRIC]: metricValue(metric, get, g),
			...Object.fromEntries([...names, START].map((name) => [name, get(name)])),
		});
		this.fromClean = (get, g) =>
			this.products(get, g, (value, name) => g.sub(g.input(CLEAN + name, "float32", value.shape), value));
		this.fromDelta = (get, g) =>
			this.products(get, g, (value, name) => g.input(DELTA + name, "float32", value.shape));
	}

	/** A plain run: the points' values and the metric. */
	async record(input: Tensor, rows: readonly number[]): Promise<Recorded> {
		const { model, metric } = this.measure;
		const readout = {
			names: [...this.names, START, ...metric.names],
			outputs: this.recorded,
			feeds: metricFeeds(metric, rows),
		};
		const tensors = await model.read(input as Tensor<"int32">, readout, runOn(this.measure, rows));
		return { metric: sumOf(tensors.get(METRIC)), tensors };
	}

	/** The corrupted run and its gradient, times the distance to the clean values. */
	gradients(rows: readonly number[], clean: Recorded["tensors"]): Promise<Map<string, Tensor>> {
		const { model, metric, input } = this.measure;
		return model.read(
			takeRows(input as Tensor<"int32">, rows),
			{
				names: [...this.names, ...metric.names],
				outputs: this.fromClean,
				feeds: { ...metricFeeds(metric, rows), ...prefixed(CLEAN, this.names, clean) },
				concrete: true,
			},
			runOn(this.measure, rows),
		);
	}

	/** Runs between both, one for each share of the way, as rows of one batch. */
	between(
		rows: readonly number[],
		shares: readonly number[],
		start: Tensor,
		deltas: Recorded["tensors"],
	): Promise<Map<string, Tensor>> {
		const { model, metric } = this.measure;
		const all = repeated(rows, shares.length);
		const local = repeated([...rows.keys()], shares.length);
		const repeatedDeltas = new Map([...deltas].map(([name, delta]) => [name, takeRows(delta, local)]));
		const residual = takeRows(start, local);
		const step = repeatedDeltas.get(START) as Tensor;
		const share = residual.size / shares.length;
		const moved = Float32Array.from(
			residual.data as Float32Array,
			(value, i) => value + (shares[Math.floor(i / share)] as number) * (step.data[i] as number),
		);
		return model.read(
			new Tensor("float32", residual.shape, moved),
			{
				names: [...this.names, ...metric.names],
				outputs: this.fromDelta,
				feeds: { ...metricFeeds(metric, all), ...prefixed(DELTA, this.names, repeatedDeltas) },
				concrete: true,
			},
			{ ...runOn(this.measure, all), startAtLayer: 0 },
		);
	}

	/** The gradient at every point times `distance`, summed down to the point's axes. */
	private products(
		get: (name: string) => Value,
		g: G,
		distance: (value: Value, name: string) => Value,
	): Record<string, Value> {
		const { metric: bound } = this.measure;
		const metric = metricValue(bound, get, g);
		const read = [...(bound.at ? ["logits"] : []), ...bound.names].map(get);
		if (!isDifferentiable(metric, read)) {
			reject("metric", `"${bound.name}" is not differentiable, so that it has no attribution; patch instead`);
		}
		const values = this.names.map(get);
		const gradients = grad(g.sum(metric, 0, { keepDims: false }), values);
		const perLayer = this.names.length / this.points.length;
		const products = this.names.map((name, i) => {
			const record = attributionPoint(this.points[Math.floor(i / perLayer)] as AttributionPoint);
			const product = g.mul(gradients[i] as Value, distance(values[i] as Value, name));
			return [name, record.sum(product, g)] as const;
		});
		return { [METRIC]: metric, ...Object.fromEntries(products) };
	}
}

function prefixed(
	prefix: string,
	names: readonly string[],
	tensors: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
	return Object.fromEntries(names.map((name) => [prefix + name, tensors.get(name) as Tensor]));
}

/** What the first of two runs has more than the second, by point. */
function differences(a: Recorded["tensors"], b: Recorded["tensors"]): Map<string, Tensor> {
	const pairs = [...a].filter(([name]) => name !== METRIC);
	return new Map(
		pairs.map(([name, { shape, data }]) => {
			const other = (b.get(name) as Tensor).data as Float32Array;
			const difference = (data as Float32Array).map((value, i) => value - (other[i] as number));
			return [name, new Tensor("float32", shape, difference)];
		}),
	);
}

function add(
	sums: Map<string, Float64Array>,
	found: ReadonlyMap<string, Tensor>,
	names: readonly string[],
	factor: number,
): void {
	for (const name of names) {
		const { data } = found.get(name) as Tensor<"float32">;
		const sum = sums.get(name) ?? new Float64Array(data.length);
		for (const [i, value] of data.entries()) sum[i] = (sum[i] as number) + factor * value;
		sums.set(name, sum);
	}
}

function sumOf(tensor: Tensor | undefined): number {
	return ((tensor as Tensor).data as Float32Array).reduce((a, b) => a + b, 0);
}

/** The layers of a point as one tensor. */
function stacked(
	{ config }: Model,
	point: AttributionPoint,
	length: number,
	sums: ReadonlyMap<string, Float64Array>,
): Tensor<"float64"> {
	const { axes } = attributionPoint(point);
	const heads = { head: config.nHeads, kv_head: config.nKvHeads } as Readonly<Record<string, number>>;
	const shape = axes.map((axis) => heads[axis] ?? length);
	const size = sizeOf(shape);
	const data = new Float64Array(config.nLayers * size);
	for (let layer = 0; layer < config.nLayers; layer++) {
		data.set(sums.get(nameAt(point, layer)) as Float64Array, layer * size);
	}
	return new Tensor("float64", [config.nLayers, ...shape], data, ["layer", ...axes]);
}

/** How many rows can be run backwards at once: every layer's activations are kept, and the logits three times. */
function rowsInMemory({ model, input, metric }: Measure, memory: number): number {
	const { nLayers, nHeads, dModel, dMlp, vocab } = model.config;
	const length = input.shape[1] as number;
	const layer = length * (12 * dModel + 6 * dMlp) + 4 * nHeads * length ** 2;
	const logits = 3 * vocab * (metric.at?.[0]?.length ?? 0);
	return Math.max(1, Math.floor(memory / (4 * (nLayers * layer + logits))));
}
