import type * as z from "zod/mini";
import type { Dim } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { RegressionHeads, SampleKind, SampleOptions } from "../scores/index.js";
import type { Evaluator } from "../tasks/regression/index.js";
import type { DType, Tensor } from "../tensor/index.js";

/** Makes an input of the compiled graph, whose name is the metric's own. Default dtype float32. */
export type MetricFeedFn = (name: string, shape: readonly Dim[], dtype?: DType) => Value;

/** A metric bound to the rows that it is computed on: what is read of a run, and how it becomes a number per row. */
export interface BoundMetric {
	/** What results call it. */
	readonly name: string;
	/** One line: what it is, and which way is up. */
	readonly doc: string;
	readonly rows: number;
	/** Hook points that it reads beside "logits". */
	readonly names: readonly string[];
	/**
	 * Places of each row whose logits are read, as many for every row: "logits" is [rows, scored, vocab] then.
	 * Undefined: no logits are read.
	 */
	readonly at: readonly (readonly number[])[] | undefined;
	/**
	 * The metric [rows] from the values at its points, differentiable in the logits where the metric is. Metrics
	 * whose graphs are the same share one function, so that it is compiled once.
	 */
	graph(get: (name: string) => Value, g: G, feed: MetricFeedFn): Value;
	/** Tensors for what `graph` asked `feed` for. Axis 0 is the row, so that rows can be cut out, repeated and joined. */
	readonly feeds: Readonly<Record<string, Tensor>>;
}

/**
 * Rows, a model and a metric: the same thing for a language model on samples or prompts and for a regression run on
 * its evaluator's sequences.
 */
export interface Measure {
	readonly model: Model;
	/** Ids int32 [rows, pos], or vectors float32 [rows, pos, width]. */
	readonly input: Tensor<"int32"> | Tensor<"float32">;
	/** bool [rows, pos], 1 where a token counts; absent where all do. */
	readonly mask?: Tensor<"bool">;
	readonly metric: BoundMetric;
}

/** Whether something is a metric that is bound to its rows, and not what one is taken of. */
export function isMeasure(of: MeasureOf | Measure): of is Measure {
	return "input" in of && "metric" in of;
}

/** A run of in-context regression, as metrics see it. */
export interface RegressionRun extends RegressionHeads {
	/** The run's evaluator, on whose sequences its metrics are computed. */
	evaluator(): Promise<Evaluator>;
}

/** What is measured: a language model, or a run of in-context regression. */
export type MeasureOf = Model | RegressionRun;

/** The rows that a metric is computed on. */
export interface MeasureOptions extends SampleOptions {
	/** Texts, a row each; those of different length are padded. */
	prompts?: string | readonly string[];
	/**
	 * Which random rows: "repeat" (a segment twice, the default; "induction" means the same), "repeat-4" (four times),
	 * "abxa" (A B X..A) or "random". `samples`, `n`, `seed`, `bos` and `range` say more.
	 */
	task?: SampleTask;
}

/** A kind of random rows. */
export type SampleTask = Exclude<SampleKind, "recall"> | "induction";

/** What a kind of metric is bound to. */
export interface MetricContext {
	readonly of: MeasureOf;
	readonly options: MeasureOptions;
	/** What errors call the metric's data, such as "metrics[1]". */
	readonly where: string;
}

/** What a metric can be measured of. */
export type Subject = "language" | "regression";

/** One kind of metric = one record in a file of its own and one line in the registry. Its data are plain. */
export interface MetricKind<S extends z.ZodMiniType = z.ZodMiniType> {
	readonly kind: string;
	/** One line with the formula. */
	readonly doc: string;
	readonly schema: S;
	/** What it can be measured of. */
	readonly of: readonly Subject[];
	/** Data and rows for the conformance suite: of a language model of 100 ids or more, or of a regression run. */
	readonly examples: readonly { readonly data: z.input<S>; readonly rows?: MeasureOptions }[];
	/**
	 * Data from the short spelling `name:mode@place`. Undefined where that is another metric or does not say enough.
	 * @param mode what stands behind ":", if anything
	 * @param place what stands behind "@", if anything
	 * @param name what stands in front: the kind, but for kinds that have several names
	 */
	fromText(mode: string | undefined, place: string | undefined, name: string): z.input<S> | undefined;
	/** Rows and metric. @throws {MetricError} where the data do not fit the model or the rows */
	measure(data: z.output<S>, context: MetricContext): Promise<Measure>;
}

/** Checks a kind's record against its schema; an identity at run time. */
export function defineMetric<S extends z.ZodMiniType>(kind: MetricKind<S>): MetricKind<S> {
	return kind;
}

/** Rows of examples: a segment twice, which every metric of token ids can be computed on. */
export const EXAMPLE_IDS = [
	[5, 9, 23, 7, 5, 9, 23, 7],
	[3, 41, 11, 60, 3, 41, 11, 60],
];
