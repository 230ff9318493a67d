import * as z from "zod";
import type { Dim } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Tensor } from "../tensor/index.js";

/** The sizes of a model that interventions are checked against. */
export interface Sizes {
	readonly nLayers: number;
	readonly nHeads: number;
}

/** What a run is fed, as far as an intervention's own feeds depend on it. */
export interface RunFacts {
	readonly batch: number;
	readonly pos: number;
	/** Ids [batch, pos] or vectors [batch, pos, width]; absent where the run starts at a layer. */
	readonly tokens: Tensor | undefined;
	/** bool [batch, pos], 1 where a token counts; absent where all do. */
	readonly mask: Tensor<"bool"> | undefined;
}

/** Makes an input of the compiled graph, whose name is the edit's own. */
export type FeedFn = (name: string, shape: readonly Dim[]) => Value;

/**
 * One change at one hook point. What it computes is compiled in; whatever may differ from run to run (which
 * heads, how strongly, which matrix) is fed, so that another value of the same kind compiles nothing.
 */
export interface Edit {
	/** Full name of the hook point. */
	readonly point: string;
	/** Edits with equal structure at equal points compute the same graph. */
	readonly structure: string;
	/** What stands in the value's place. */
	apply(value: Value, g: G, feed: FeedFn): Value;
	/** Float32 tensors for what `apply` asked `feed` for. @throws {InterventionError} for a run that does not suit. */
	feeds(run: RunFacts): Readonly<Record<string, Tensor>>;
}

/**
 * One kind of intervention = one record in a file of its own and one line in the registry. Its data are
 * plain: they survive JSON, YAML and a URL.
 */
export interface InterventionKind<S extends z.ZodType = z.ZodType> {
	readonly kind: string;
	/** One line: what it does. */
	readonly doc: string;
	readonly schema: S;
	/** Data for the conformance suite, on a model of two layers and two heads; the first and the second compile to one graph. */
	readonly examples: readonly z.input<S>[];
	/**
	 * The changes that data of this kind mean in a model.
	 * @param where what errors call the data, such as "interventions[1]"
	 */
	edits(data: z.output<S>, sizes: Sizes, where: string): readonly Edit[];
}

/** Checks a kind's record against its schema; an identity at run time. */
export function defineKind<S extends z.ZodType>(kind: InterventionKind<S>): InterventionKind<S> {
	return kind;
}

/** Settings of every kind that works on heads. */
export const headFields = {
	/** Query heads, "5.1" or "L5H1", or all of them. */
	heads: z.union([z.literal("all"), z.array(z.string()).min(1).readonly()]),
	/** 0 leaves the value, 1 takes the changed one, between them it is a mix. Default 1. */
	strength: z.number().min(0).max(1).optional(),
	/** Positions (of a pattern: queries); negative ones count from the end. Default all. */
	positions: z.array(z.int()).min(1).readonly().optional(),
	/** Rows of the batch. Default all. */
	rows: z.array(z.int().min(0)).min(1).readonly().optional(),
};
