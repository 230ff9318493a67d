import type { Donor, Intervention } from "../interventions/index.js";
import { editsOf } from "../interventions/registry.js";
import {
	type Change,
	compareRows,
	type Measure,
	type MeasureOf,
	type MeasureOptions,
	type MetricData,
	measuring,
} from "../metrics/index.js";
import { isMeasure } from "../metrics/metric.js";
import { Model } from "../models/model.js";
import type { RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import { type AblationKind, type AblationTemplate, ablationOf, headsToAblate } from "./ablation.js";
import { reject } from "./errors.js";
import { type RunCellsOptions, runCells, type SweepOptions } from "./run-cells.js";

/** What is ablated, how, and on which rows it is measured. */
export interface AblateOptions extends MeasureOptions, SweepOptions {
	/** A name such as "loss" or "loss@51:100", or data. Default "loss", of a regression run "mse". */
	readonly metric?: string | MetricData;
	/**
	 * "zero" (the default), "mean" (over rows and positions), "resample", "frozen-patterns"; or an intervention without its
	 * heads: `{ kind: "replace-pattern", pattern: "uniform" }`.
	 */
	readonly kind?: AblationKind | AblationTemplate;
	/** Heads, "5.1". Default all of them. */
	readonly heads?: "all" | readonly string[];
	/** What interventions take by name. The donor "clean" is the unchanged run. */
	readonly donors?: Readonly<Record<string, Donor>>;
	/** Sparse autoencoders that `base` takes by name. */
	readonly dictionaries?: RunOptions["dictionaries"];
	/**
	 * What is changed already: heads are ablated on top of it, and the metric is compared with that of these changes alone.
	 * Not with "frozen-patterns", whose patterns are those of the unchanged run. Default nothing.
	 */
	readonly base?: readonly Intervention[];
}

/** What ablating a head changed of the metric. */
export interface AblatedHead extends Change {
	/** "5.1" */
	readonly head: string;
}

/** What ablating several heads at once changed. */
export interface AblatedHeads extends Change {
	readonly heads: readonly string[];
}

/** What every kind of sweep says of itself. */
interface About {
	readonly metric: string;
	readonly kind: string;
	/** Rows that the metric was computed on. */
	readonly rows: number;
	/** The metric without the ablation, of the unchanged model or of that with `base`: mean over rows. */
	readonly before: number;
}

/** What `ablateHeads` found. */
export interface Ablations extends About {
	/** Every head, in the model's order. */
	readonly cells: readonly AblatedHead[];
	/** [layer, head]: the change of the metric; NaN for heads that were not ablated. */
	readonly change: Tensor<"float64">;
	/** Largest change first, of either sign. */
	readonly ranking: readonly AblatedHead[];
}

/** What `ablatePairs` found. */
export interface PairAblations extends About {
	/** Every pair, in the model's order. */
	readonly cells: readonly AblatedHeads[];
	/** The heads of both axes of `change`. */
	readonly heads: readonly string[];
	/** [head, head]: the change where both are ablated, on the diagonal of one alone. */
	readonly change: Tensor<"float64">;
}

/** What `ablateGreedily` found. */
export interface GreedyAblation extends About {
	/** The set after each step: the one before and the head that changes the metric most. */
	readonly steps: readonly (AblatedHeads & { readonly added: string })[];
}

/**
 * Ablates every head on its own and says what that changes of a metric, with the paired bootstrap's interval over rows.
 * @param of a language model, a regression run, or a metric that is bound to its rows
 * @throws {CausalError} for an unknown kind or too little memory, {InterventionError} for heads that the model lacks,
 * {MetricError} and {TaskError} for a metric and rows that do not fit
 */
export async function ablateHeads(of: MeasureOf | Measure, options: AblateOptions = {}): Promise<Ablations> {
	const { heads, about, run, model } = await prepare(of, options);
	const changes = await run(heads.map((head) => [head]));
	const cells = changes.map(
		({ heads: [head], ...change }): AblatedHead => ({ head: head as string, ...change }),
	);
	const { nLayers, nHeads } = model.config;
	const change = Tensor.full([nLayers, nHeads], Number.NaN, "float64");
	for (const cell of cells) {
		const [layer = 0, head = 0] = cell.head.split(".").map(Number);
		change.data[layer * nHeads + head] = cell.change;
	}
	return {
		...about(cells),
		cells,
		change: change.reshape([nLayers, nHeads], ["layer", "head"]),
		ranking: [...cells].sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
	};
}

/** Ablates every two heads together, and each alone. @throws as `ablateHeads` */
export async function ablatePairs(
	of: MeasureOf | Measure,
	options: AblateOptions = {},
): Promise<PairAblations> {
	const { heads, about, run } = await prepare(of, options);
	if (heads.length < 2) reject("heads", `a pair needs two heads, got ${heads.join(", ")}`);
	const pairs = heads.flatMap((a, i) => heads.slice(i).map((b) => (a === b ? [a] : [a, b])));
	const changes = await run(pairs);
	const count = heads.length;
	const change = Tensor.zeros([count, count], "float64", ["head", "head"]);
	for (const { heads: pair, change: value } of changes) {
		const [i, j] = [heads.indexOf(pair[0] as string), heads.indexOf(pair.at(-1) as string)];
		change.data[i * count + j] = value;
		change.data[j * count + i] = value;
	}
	return { ...about(changes), cells: changes.filter((cell) => cell.heads.length === 2), heads, change };
}

/**
 * Adds to the ablated heads, again and again, the one with which the metric changes most. It finds heads that stand in for
 * each other, which ablating one at a time does not; it is no search for the best set.
 * @param options.count heads in the last set
 * @throws as `ablateHeads`
 */
export async function ablateGreedily(
	of: MeasureOf | Measure,
	options: Omit<AblateOptions, "onCells"> & { readonly count: number },
): Promise<GreedyAblation> {
	const { count, ...others } = options;
	const { onProgress } = others;
	const { heads, about, run } = await prepare(of, others);
	if (!Number.isSafeInteger(count) || count < 1 || count > heads.length)
		reject("count", `got ${count}, allowed 1..${heads.length}, the heads there are`);
	const total = (count * (2 * heads.length - count + 1)) / 2;
	const steps: (AblatedHeads & { added: string })[] = [];
	let done = 0;
	for (let chosen: readonly string[] = []; chosen.length < count; ) {
		const left = heads.filter((head) => !chosen.includes(head));
		const before = done;
		const changes = await run(
			left.map((head) => [...chosen, head]),
			onProgress && ((n, _, seconds) => onProgress(before + n, total, seconds)),
		);
		done += left.length;
		const most = changes.reduce((a, b) => (Math.abs(b.change) > Math.abs(a.change) ? b : a));
		chosen = most.heads;
		steps.push({ added: chosen.at(-1) as string, ...most });
	}
	return { ...about(steps), steps };
}

/** What all three functions work with. */
interface Prepared {
	readonly model: Model;
	readonly heads: readonly string[];
	about(changes: readonly Change[]): About;
	run(sets: readonly (readonly string[])[], onProgress?: SweepOptions["onProgress"]): Promise<AblatedHeads[]>;
}

async function prepare(of: MeasureOf | Measure, options: AblateOptions): Promise<Prepared> {
	const {
		metric,
		kind = "zero",
		heads: asked = "all",
		donors,
		dictionaries,
		base = [],
		memory,
		signal,
		onProgress,
		onCells,
		onPlan,
		...rows
	} = options;
	const { name, cell } = ablationOf(kind);
	const measure = isMeasure(of) ? of : await measuring(of, metric ?? usualMetric(of), rows);
	const { model } = measure;
	const heads = headsToAblate(asked, model);
	const start = await baseValues(measure, base, name, { donors, dictionaries, memory, signal });
	const ofBase = start && start.reduce((sum, value) => sum + value, 0) / start.length;
	const tellCells = onCells && ofBase !== undefined ? onCellsFrom(onCells, ofBase) : onCells;
	return {
		model,
		heads,
		about: ([first]) => ({
			metric: measure.metric.name,
			kind: name,
			rows: measure.metric.rows,
			before: first?.before ?? Number.NaN,
		}),
		run: async (sets, tell = onProgress) => {
			const cells = sets.map((set) => [...base, ...cell([...set], model)]);
			const { before, after } = await runCells(measure, cells, {
				donors,
				dictionaries,
				memory,
				signal,
				onProgress: tell,
				onCells: tellCells,
				onPlan,
			});
			const compared = start ?? before;
			return sets.map((set, i) => ({
				heads: set,
				...compareRows(
					compared,
					after[i] as Float64Array,
					rows.seed === undefined ? {} : { seed: rows.seed },
				),
			}));
		},
	};
}

/** The metric's number of every row with what is changed already; undefined where that is nothing. */
async function baseValues(
	measure: Measure,
	base: readonly Intervention[],
	kind: string,
	options: RunCellsOptions,
): Promise<Float64Array | undefined> {
	if (base.length === 0) return undefined;
	if (kind === "frozen-patterns")
		reject("base", `"${kind}" keeps the patterns of the unchanged run, which would undo what is changed`);
	editsOf(base, { ...measure.model.sizes, dictionaries: options.dictionaries }, "base");
	// a sweep of one cell, so that an ablation that changes nothing is compared with its own numbers
	return (await runCells(measure, [base], options)).after[0];
}

/** Tells of cells what they change of a number that is not the unchanged run's. */
function onCellsFrom(
	onCells: NonNullable<SweepOptions["onCells"]>,
	before: number,
): NonNullable<SweepOptions["onCells"]> {
	return (cells) => onCells(cells.map((one) => ({ ...one, before })));
}

function usualMetric(of: MeasureOf): string {
	return of instanceof Model ? "loss" : "mse";
}
