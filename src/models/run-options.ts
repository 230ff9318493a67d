import type { G, HookFn, ModuleFn } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Names } from "../hooks/select.js";
import type { Donor, Intervention } from "../interventions/index.js";
import type { Sae } from "../sae/sae.js";
import type { Tensor } from "../tensor/index.js";
import type { Ids, Marks } from "./batch.js";
import type { KeyValueCache } from "./key-value-cache.js";
import type { LogitsAt } from "./logits-at.js";

/** What a model is run on: text, texts, token ids, or with `startAtLayer` a residual stream [batch, pos, d_model]. */
export type ModelInput = string | readonly string[] | Ids | Tensor<"int32"> | Tensor<"float32">;

/**
 * A hook function on the host: plain TypeScript that may print, branch or wait. Returns undefined to leave
 * the value as it is, or another tensor of the same type; it must not write into the one it is given.
 */
export type HostHookFn = (value: Tensor, name: string) => Tensor | undefined | Promise<Tensor | undefined>;

/** How a model is run: what goes in front, what is left out, what is changed on the way. */
export interface RunOptions {
	/** Put a BOS in front of texts. Default: where the model's own tokenizer does. */
	bos?: boolean;
	/**
	 * 1 for tokens that count, 0 for padding (left or right); the shape of the ids. A residual stream that comes
	 * from rows of different length needs it too: `model.pack(input).mask` is what they were padded with.
	 */
	mask?: Marks | Tensor<"bool"> | undefined;
	/**
	 * Changes as plain data: ablations, other attention patterns. They are compiled in before `hooks`; what they are
	 * given (heads, strengths, matrices) is fed, so that other values of the same kinds compile nothing.
	 */
	interventions?: readonly Intervention[];
	/**
	 * Several runs in one batch: a list of interventions for each cell. The input holds the rows of every cell, one cell
	 * after the other (cells x rows), and cell c's list acts on its own rows as if they ran alone: row numbers begin at 0
	 * in each, means and permutations stay inside. `interventions` act first, in every cell. Cells whose kinds and
	 * points agree with an earlier run's compile nothing.
	 */
	cells?: readonly (readonly Intervention[])[];
	/**
	 * Recorded values that interventions take by name (`from`): a cache, or tensors by hook name. Each is of one row, or
	 * of as many as the run (with cells: as one cell) has. They are fed.
	 */
	donors?: Readonly<Record<string, Donor>>;
	/** Sparse autoencoders by the name that interventions of the kind `sae` call them. Only what these change is fed. */
	dictionaries?: Readonly<Record<string, Sae>> | undefined;
	/** Functions over graph values, by point or selection, applied in order. They are compiled in. */
	hooks?: Readonly<Record<string, HookFn>> | readonly (readonly [Names, HookFn])[];
	/** Functions over tensors. Each cuts the run in two, which costs a session and copies: slower than `hooks`. */
	hostHooks?: readonly (readonly [Names, HostHookFn])[];
	/** Other functions for modules, by dotted path ("blocks.0.mlp"); each is given the original. */
	patches?: Readonly<Record<string, (original: ModuleFn) => ModuleFn>>;
	/** Other weights for modules: by dotted path, then by the weight's own name. They are fed with every run. */
	weights?: Readonly<Record<string, Readonly<Record<string, Tensor>>>>;
	/**
	 * Keys and values of the positions before the input's, which are then not computed again: the input goes on from
	 * there. A run's tensors hold its own positions (the keys of patterns and scores: all), and `logitsAt` and the
	 * `positions` to keep are among them; positions of `interventions` are those of the whole sequence. With `mask`, that
	 * of the input; the past has its own. One compiled graph serves every length of both. With `startAtLayer` it must hold the
	 * layers from there on.
	 */
	past?: KeyValueCache | undefined;
	/**
	 * Positions that are computed at once, each chunk with the keys and values of those before it: the same numbers in less
	 * memory, which grows with chunk x pos instead of pos x pos. Not with patterns or scores among the `names`, and not
	 * with what may look at all positions (interventions, hooks, ...). Default: all positions, or where a layer's scores
	 * would take more than 512 MB as many as keep below, if the run allows it.
	 */
	chunk?: number;
	/** First layer to run, 0 to the number of layers; the input is then the residual stream before it. */
	startAtLayer?: number;
	/** First layer not to run; the result is then the residual stream before it. */
	stopAtLayer?: number;
	/**
	 * Positions of each row whose logits are wanted, as many for every row: the residual stream is gathered before the
	 * final norm, so that only they are unembedded. Logits (and the points of that norm) are then [batch, scored, ..].
	 * They are places in the padded row, from 0, and fed: others of the same number compile nothing. Default all.
	 */
	logitsAt?: LogitsAt | undefined;
	/** Trace for the input's own extents instead of symbolic ones: for functions that bring constants of one size. Default false. */
	concrete?: boolean;
	/** Goes before the runs that wait in the engine, for somebody who is watching. Default false. */
	urgent?: boolean;
	signal?: AbortSignal;
}

/** Positions of an activation: one index, or [start, end); negative ones count from the end. */
export type Positions = number | readonly [start: number, end?: number];

export interface CacheOptions extends RunOptions {
	/** Which points to keep. Default: all that cost nothing extra. */
	names?: Names;
	/** Positions to keep of every activation (of patterns and scores: queries). Default: all. */
	positions?: Positions;
	/** Compute the logits. Default true; without them a run ends at the last point that is kept. */
	logits?: boolean;
}

/** A computation on top of a model's run that is compiled in with it: only its outputs leave the engine. */
export interface Readout {
	/** Points it reads; an empty list where it reads the logits alone. */
	readonly names: Names;
	/**
	 * Outputs from the values at those points, and from "logits" where the run goes that far. The same function
	 * must always compute the same: it is traced once for each shape of request.
	 */
	outputs(get: (name: string) => Value, g: G): Readonly<Record<string, Value>>;
	/** Tensors for inputs that `outputs` makes with `g.input`. */
	readonly feeds?: Readonly<Record<string, Tensor>>;
	/** Trace with the input's own extents instead of symbolic ones, as gradients need. Default false. */
	readonly concrete?: boolean;
}
