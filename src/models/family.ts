import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { asLine } from "../weights/errors.js";
import type { GgufValue, Transform } from "../weights/index.js";
import type { WeightLayout } from "./weight-layout.js";

/** The sizes that every transformer has. */
export interface Dimensions {
	readonly nLayers: number;
	readonly nHeads: number;
	/** Heads of keys and values; equal to nHeads without grouped-query attention. */
	readonly nKvHeads: number;
	readonly dModel: number;
	readonly dHead: number;
	readonly dMlp: number;
	readonly vocab: number;
	/** Longest sequence, in tokens. */
	readonly nCtx: number;
}

/** What a run feeds beside the weights. */
export interface ModelInputs {
	/** int32 [batch, pos], or float32 [batch, pos, width] where tokens are vectors */
	readonly tokens: Value;
	/** int32 [pos], or [batch, pos] where rows are padded */
	readonly positions: Value;
	/** Which keys each query may see: bool, broadcastable to [batch, head, query, key]. */
	readonly mask: Value;
	/** `mask` where a query sees only the `size` latest keys, its own included: sliding windows, local attention. */
	windowed(size: number): Value;
	/** Rows are padded, so some queries may see no key. */
	readonly padded: boolean;
	/** What a layer computed at the positions before the run's own; absent where a run begins at the first. */
	readonly past?: ((layer: number) => KeysAndValues) | undefined;
}

/** What attention reads of a layer's positions: both [batch, pos, kv_head, d_head]. */
export interface KeysAndValues {
	/** After rotation, where the model rotates. */
	readonly key: Value;
	readonly value: Value;
}

/** A tensor that a model needs, under the name it has in Hugging Face's files. */
export interface WeightDeclaration {
	readonly name: string;
	readonly shape: readonly number[];
}

/** How a family is stored in GGUF files. */
export interface GgufLayout {
	/** Metadata below the architecture's own prefix that are understood, or change nothing; others are refused. */
	readonly keys: readonly string[];
	/** The Hugging Face configuration that the metadata describe. */
	config(
		metadata: Readonly<Record<string, GgufValue>>,
		shapeOf: (entry: string) => readonly number[] | undefined,
	): unknown;
	/** Where a weight is. */
	entry(name: string, dimensions: Dimensions): { entry: string; transform?: Transform };
}

/**
 * One architecture = one record of this kind and one line in the registry. The forward pass is three
 * functions, so that a run can begin and end at any layer.
 */
export interface Family<C extends Dimensions = Dimensions> {
	/** `model_type` of config.json. */
	readonly name: string;
	/** One line for the support table. */
	readonly doc: string;
	/** What its norms do: "layer" subtracts the mean, "rms" does not. */
	readonly norm: "layer" | "rms";
	/** Whether it has norms at all. Default true. */
	hasNorms?(config: C): boolean;
	/** Learned positions (hook_pos_embed) are added to what queries and keys read, and no part of the stream. Default false. */
	positionsApart?(config: C): boolean;
	/** Reads config.json. @throws {ModelError} naming the key for what is unknown or not supported. */
	parseConfig(config: unknown): C;
	weights(config: C): readonly WeightDeclaration[];
	/** Name in Hugging Face's files to the name in `weights`; undefined for tensors that are no parameters. */
	rename(name: string): string | undefined;
	readonly gguf?: GgufLayout;
	/** Where the matrices of the usual names are: for circuits, attribution and weight processing. */
	layout?(config: C): WeightLayout;
	/** The same architecture with an unembedding of its own and a bias where `layout` can hold one, to which processed weights are written. */
	untied?(config: C): C;
	/** Width of a token where tokens are vectors of numbers; absent where they are ids. */
	tokenWidth?(config: C): number;
	/** Name of a module that holds all others; the points inside it are not named after it. Default none. */
	readonly root?: string;
	/** Modules whose outputs are hook points too, by path, in the order they are listed before the others. */
	modulePoints?(config: C): readonly string[];
	/**
	 * How often a block's input is counted in its output: x <- growth * x + attention + MLP. Default 1. After
	 * n blocks the embedding has weight growth^n, and what block l wrote growth^(n-1-l).
	 */
	readonly residualGrowth?: number;
	/** Logits are capped, cap * tanh(x / cap), so that they are no sum of what was written. Default: they are not. */
	logitCap?(config: C): number | undefined;
	/** Factor on the standard deviation of a matrix's initial entries where training starts. Default 1. */
	initialFactor?(config: C, name: string): number;
	/** Entries of norms' weights where training starts. Default 1. */
	initialGain?(config: C): number;
	/** Tokens to the residual stream [batch, pos, d_model]. */
	embed(t: Trace, config: C, inputs: ModelInputs): Value;
	/** Block `layer` on the residual stream. */
	block(t: Trace, config: C, layer: number, resid: Value, inputs: ModelInputs): Value;
	/** Residual stream to logits [batch, pos, vocab]. */
	unembed(t: Trace, config: C, resid: Value): Value;
}

/** Whether all that reads the stream subtracts its mean first, so that what is equal in all channels is never read. */
export function centres<C extends Dimensions>(family: Family<C>, config: C): boolean {
	return family.norm === "layer" && (family.hasNorms?.(config) ?? true);
}

/** A model that cannot be loaded or run as asked. */
export class ModelError extends Error {
	override readonly name = "ModelError";

	constructor(message: string, options?: ErrorOptions) {
		super(asLine(message), options);
	}
}
