import type { Intervention } from "../interventions/index.js";
import type { Measure, MeasureOf, RegressionRun } from "../metrics/index.js";
import type { Model } from "../models/model.js";
import { type Axis, sizeOf, Tensor } from "../tensor/index.js";
import { type AttributionPoint, attributionPoint, attributionPoints, nameAt } from "./attribution-points.js";
import { reject } from "./errors.js";
import { type CleanOptions, type PairOptions, type PromptPair, pairOf } from "./pair-of.js";
import { range } from "./rows.js";
import { CLEAN, runCells, type SweepOptions } from "./run-cells.js";
import type { RunPair } from "./run-pair.js";

/** What is patched, and where. */
export interface PatchOptions extends SweepOptions {
	/**
	 * What is patched: a point's short name, "resid_pre" (the default), "resid_mid", "attn_out", "mlp_out", "z", "q",
	 * "k", "v" or "pattern".
	 */
	readonly at?: string;
	/**
	 * "position": each position on its own (of a pattern each query), the default at points of the residual stream. "all":
	 * all positions at once, the default at points with heads.
	 */
	readonly by?: "position" | "all";
	/** Layers to patch in; negative ones count from the end. Default all. */
	readonly layers?: readonly number[];
	/** Positions to patch with `by: "position"`; negative ones count from the end. Default all. */
	readonly positions?: readonly number[];
}

/** The metric of the corrupted rows after each patch. */
export interface Patches {
	readonly metric: string;
	/** The point's short name. */
	readonly at: AttributionPoint;
	readonly rows: number;
	/** The metric of the clean and of the corrupted run: means over rows. */
	readonly clean: number;
	readonly corrupt: number;
	/** Layers along the axis "layer". */
	readonly layers: readonly number[];
	/** Positions along the axis "pos" or "query"; absent where all were patched at once. */
	readonly positions?: readonly number[];
	/** [layer, pos], [layer, pos, head], [layer, head] or [layer]: mean over rows. */
	readonly values: Tensor<"float64">;
	/** (value - corrupt) / (clean - corrupt): 0 as corrupted, 1 as clean. NaN where both are equal. */
	readonly effects: Tensor<"float64">;
}

/**
 * Activation patching: the corrupted run with one activation of the clean run in its place, for every layer and position
 * or head (Meng et al. 2022; Wang et al. 2022; the direction is TransformerLens'). It asks which activations are
 * sufficient to bring the clean answer back.
 * @param of a language model with prompts, a regression run, or a metric that is bound to the corrupted rows
 * @throws {CausalError} for an unknown point and rows that do not match; {MetricError} for an answer of several tokens
 */
export async function patchActivations(of: Measure, options: PatchOptions & CleanOptions): Promise<Patches>;
export async function patchActivations(of: Model, options: PatchOptions & PromptPair): Promise<Patches>;
export async function patchActivations(of: RegressionRun, options?: PatchOptions & RunPair): Promise<Patches>;
export async function patchActivations(
	of: MeasureOf | Measure,
	options: PatchOptions & PairOptions = {},
): Promise<Patches> {
	const [at = "resid_pre"] = attributionPoints([options.at ?? "resid_pre"]);
	const { measure, clean } = await pairOf(of, options);
	const { model, mask } = measure;
	const { signal, memory, onProgress, onCells, onPlan } = options;
	const layers = indicesOf(options.layers, model.config.nLayers, "layers");
	const points = layers.map((layer) => nameAt(at, layer));
	const given = { ...(mask && { mask }), ...(signal && { signal }) };
	const { cache } = await model.runWithCache(clean as Tensor<"int32">, {
		...given,
		names: points,
		logits: false,
	});
	const { cells, shape, axes, positions } = cellsAt(at, layers, measure, options);
	const found = await runCells(measure, cells, {
		donors: { [CLEAN]: cache },
		memory,
		signal,
		onProgress,
		onCells,
		onPlan,
	});
	// by the same programs as the corrupted run, so that equal rows give equal numbers
	const unchanged = await runCells({ ...measure, input: clean as Tensor<"int32"> }, [], { memory, signal });
	const cleanMetric = mean(unchanged.before);
	const corrupt = mean(found.before);
	const values = Float64Array.from(found.after, mean);
	const apart = cleanMetric - corrupt;
	const effects = values.map((value) => (apart === 0 ? Number.NaN : (value - corrupt) / apart));
	return {
		metric: measure.metric.name,
		at,
		rows: measure.metric.rows,
		clean: cleanMetric,
		corrupt,
		layers,
		...(positions && { positions }),
		values: new Tensor("float64", shape, values, axes),
		effects: new Tensor("float64", shape, effects, axes),
	};
}

interface Cells {
	readonly cells: Intervention[][];
	readonly shape: readonly number[];
	readonly axes: readonly Axis[];
	readonly positions?: readonly number[];
}

/** A patch for each place, in the order of the result's axes. */
function cellsAt(
	at: AttributionPoint,
	layers: readonly number[],
	{ model, input, mask }: Measure,
	{ by, positions }: PatchOptions,
): Cells {
	const { nHeads, nKvHeads } = model.config;
	const [positionAxis, headAxis] = attributionPoint(at).axes as [Axis, Axis | undefined];
	const each = by ?? (headAxis ? "all" : "position");
	if (each !== "all" && each !== "position") reject("by", `got "${String(each)}", allowed position, all`);
	if (positions && each === "all") reject("positions", 'goes with by: "position"');
	if (mask && positions?.some((p) => p < 0))
		reject("positions", "rows of different length end at different places; count from 0");
	const length = input.shape[1] as number;
	const places = each === "all" ? [undefined] : indicesOf(positions, length, "positions");
	const heads = headAxis === "kv_head" ? nKvHeads : nHeads;
	const field = headAxis === "kv_head" ? "kvHeads" : "heads";
	const cell = (layer: number, position: number | undefined, head: number | undefined): Intervention[] => [
		{
			kind: "patch",
			at,
			from: CLEAN,
			...(head === undefined ? { layers: [layer] } : { [field]: [`${layer}.${head}`] }),
			...(position !== undefined && { positions: [position] }),
		},
	];
	const cells = layers.flatMap((layer) =>
		places.flatMap((position) =>
			headAxis
				? range(0, heads).map((head) => cell(layer, position, head))
				: [cell(layer, position, undefined)],
		),
	);
	const axes: Axis[] = ["layer", ...(each === "all" ? [] : [positionAxis]), ...(headAxis ? [headAxis] : [])];
	const extents: Partial<Record<Axis, number>> = { layer: layers.length, [positionAxis]: places.length };
	const shape = axes.map((axis) => extents[axis] ?? heads);
	if (sizeOf(shape) !== cells.length) reject("internal", `${cells.length} cells for [${shape.join(", ")}]`);
	return { cells, shape, axes, ...(each === "position" && { positions: places as number[] }) };
}

/** Numbers that count from the end where they are negative. */
function indicesOf(given: readonly number[] | undefined, count: number, where: string): number[] {
	if (given === undefined) return range(0, count);
	if (given.length === 0) reject(where, "the list is empty");
	return given.map((i, at) => {
		if (!Number.isInteger(i) || i < -count || i >= count)
			reject(`${where}[${at}]`, `got ${i}, allowed ${-count}..${count - 1}`);
		return i < 0 ? i + count : i;
	});
}

function mean(values: Float64Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
