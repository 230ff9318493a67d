import * as z from "zod/mini";
import type { Dim } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { HookPoint } from "../hooks/select.js";
import type { Sae } from "../sae/sae.js";
import { list, setting, text } from "../shared/schemas.js";
import type { DType, Tensor } from "../tensor/index.js";
import type { Donor } from "./donors.js";

/** What of a model interventions are checked against; `model.sizes` of a loaded one. */
export interface Sizes {
	readonly nLayers: number;
	readonly nHeads: number;
	/** Heads of keys and values; fewer than nHeads with grouped-query attention. */
	readonly nKvHeads: number;
	/** Every place where a value can be changed. */
	readonly points: readonly HookPoint[];
	/** Sparse autoencoders by name: `RunOptions.dictionaries` of the run that is meant. Default none. */
	readonly dictionaries?: Readonly<Record<string, Sae>> | undefined;
}

/** What a run is fed, as far as an intervention's own feeds depend on it. With cells: the rows of one cell. */
export interface RunFacts {
	/** Rows. */
	readonly batch: number;
	/** Positions of the whole sequence: feeds are made for all of it, and a run after a past is fed its own share of them. */
	readonly pos: number;
	/** How many of the positions came before the run (`RunOptions.past`), which does not compute them. Default 0. */
	readonly past?: number;
	/** Ids [batch, pos] or vectors [batch, pos, width]; absent where the run starts at a layer, or after tokens not known. */
	readonly tokens: Tensor | undefined;
	/** bool [batch, pos], 1 where a token counts; absent where all do. */
	readonly mask: Tensor<"bool"> | undefined;
	/** Where these rows begin in the run's batch. Default 0. */
	readonly firstRow?: number;
	/** Recorded values that interventions ask for by name. Default none. */
	readonly donors?: Readonly<Record<string, Donor>> | undefined;
}

/** Rows of a table, chosen in the graph: cells that name the same table are fed one copy of it. */
export interface Taken {
	/** [entries, ...rest] */
	readonly table: Tensor<"float32">;
	/** Entries of the table; axis 0 are the run's rows. */
	readonly places: Tensor<"int32">;
}

/** A tensor that is the same for every row and cell: weights. */
export interface Shared {
	readonly shared: Tensor;
}

/** What an edit is fed under one name: axis 0 are the run's rows, so that cells can be stacked; or what they share. */
export type Part = Tensor | Taken | Shared;

/** How an edit asks for its inputs. Their names are the edit's own. */
export interface EditSite {
	/** An input; axis 0 must be the batch. Default dtype float32. */
	feed(name: string, shape: readonly Dim[], dtype?: DType): Value;
	/** Entries of a fed table: [...at, ...rest], where `at` begins with the batch. */
	take(name: string, at: readonly Dim[], rest: readonly Dim[]): Value;
	/** An input that all rows share. */
	share(name: string, shape: readonly Dim[]): Value;
	/** The value of a point that was reached before. */
	read(point: string): Value;
	/** The batch holds several cells, each of which is a batch of its own. */
	readonly cells: boolean;
}

/**
 * One change at one hook point. What it computes is compiled in; whatever may differ from run to run (which
 * heads, how strongly, which matrix) is fed, so that another value of the same kind compiles nothing.
 */
export interface Edit {
	/** Full name of the hook point. */
	readonly point: string;
	/** Edits with equal structure at equal points compute the same graph. */
	readonly structure: string;
	/** The donor that it takes a value of. */
	readonly donor?: string | undefined;
	/** What it takes of the donor. Default the value at the point. */
	readonly entry?: string | undefined;
	/** What stands in the value's place. */
	apply(value: Value, g: G, site: EditSite): Value;
	/** What `apply` asks the site for, by name. @throws {InterventionError} for a run that does not suit. */
	feeds(run: RunFacts): Readonly<Record<string, Part>>;
}

/**
 * One kind of intervention = one record in a file of its own and one line in the registry. Its data are
 * plain: they survive JSON, YAML and a URL.
 */
export interface InterventionKind<S extends z.ZodMiniType = z.ZodMiniType> {
	readonly kind: string;
	/** One line: what it does. */
	readonly doc: string;
	readonly schema: S;
	/**
	 * Data for the conformance suite, on models of two layers and two heads or more; the first and the second compile
	 * to one graph. Donors there: "donor", the recorded values of another input of the same shape, and "vectors" with
	 * an entry "direction" [d_model].
	 */
	readonly examples: readonly z.input<S>[];
	/**
	 * The changes that data of this kind mean in a model.
	 * @param where what errors call the data, such as "interventions[1]"
	 */
	edits(data: z.output<S>, sizes: Sizes, where: string): readonly Edit[];
}

/** Checks a kind's record against its schema; an identity at run time. */
export function defineKind<S extends z.ZodMiniType>(kind: InterventionKind<S>): InterventionKind<S> {
	return kind;
}

const headNames = z.union([z.literal("all"), list(z.string())], {
	error: 'allowed "all" or names such as ["0.1"]',
});

const share = z.number().check(z.minimum(0, "allowed 0 to 1"), z.maximum(1, "allowed 0 to 1"));

/** Settings of kinds that work on attention patterns or scores. Descriptions go into the JSON Schema. */
export const patternFields = {
	heads: setting(headNames, 'Query heads such as "5.1" or "L5H1", or all of them'),
	layers: setting(
		z.union([z.literal("all"), list(z.int())]),
		"Whole layers instead of heads; negative ones count from the end",
	),
	strength: setting(
		share,
		"0 leaves the value, 1 takes the changed one, between them it is a mix. Default 1",
	),
	positions: setting(
		list(z.int()),
		"Positions (of patterns: queries); negative ones count from the end. Default all",
	),
	rows: setting(list(z.int().check(z.nonnegative())), "Rows of the batch. Default all"),
};

/** Settings of kinds that work at any hook point. */
export const pointFields = {
	at: setting(text, 'The point: "z", "resid_pre", "attn_out", "k", "ln1.scale", ..., or a full name'),
	kvHeads: setting(headNames, 'Heads of keys and values, at points that have them ("k", "v")'),
	...patternFields,
};

/** The name of a donor: see `RunOptions.donors`. */
export const donorField = text.check(z.describe("The donor, by the name the run was given it under"));
