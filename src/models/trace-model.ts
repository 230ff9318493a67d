import { addDims, type Dim } from "../graph/dim.js";
import { add, and, greater, input, lessEqual, unsqueeze } from "../graph/ops/index.js";
import { type ModuleFn, Trace, type TraceOptions } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Dimensions, Family, KeysAndValues, ModelInputs } from "./family.js";
import { atScored } from "./logits-at.js";

/** Which part of a model a graph computes. */
export interface ModelRange {
	/** First layer to run; the residual stream before it is fed instead of tokens. Default: from the tokens. */
	readonly startAtLayer?: number | undefined;
	/** First layer not to run; the residual stream before it is the result. Default: through to the logits. */
	readonly stopAtLayer?: number | undefined;
	/** Extents of the input. Default: symbolic, so that one graph serves any. */
	readonly batch?: number | undefined;
	readonly pos?: number | undefined;
	/** How many positions come before the run's own, whose keys and values are fed. Default none; "past" is any number. */
	readonly past?: Dim | undefined;
	/** How many positions of each row are unembedded; which ones is fed. Default all of them. */
	readonly scored?: Dim | undefined;
	/** Rows are padded: positions are [batch, pos] and "attention_mask" is fed. */
	readonly padded: boolean;
}

export interface TracedModel {
	readonly trace: Trace;
	/** Logits [batch, pos, vocab] ([batch, scored, vocab] where positions are chosen), or the residual stream [batch, pos, d_model] where the run stops early. */
	readonly output: Value;
}

/** Names of the feeds of a model's graph. */
export const FEEDS = {
	tokens: "tokens",
	positions: "positions",
	mask: "attention_mask",
	residual: "residual",
	/** Positions of the keys, where keys and values of earlier positions are fed. */
	keyPositions: "key_positions",
	/** Layers are counted from the run's first one, so that equal layers are equal programs. */
	pastKey: (layer: number): string => `past.${layer}.key`,
	pastValue: (layer: number): string => `past.${layer}.value`,
} as const;

/** Traces a model once, with symbolic batch and position. */
export function traceModel<C extends Dimensions>(
	family: Family<C>,
	config: C,
	range: ModelRange,
	options: TraceOptions = {},
): TracedModel {
	const trace = new Trace(options);
	const extents: readonly [Dim, Dim] = [range.batch ?? "batch", range.pos ?? "pos"];
	const inputs = modelInputs(extents, range, config, family.tokenWidth?.(config));
	const { startAtLayer, stopAtLayer } = range;
	const run: ModuleFn = (first) => {
		let resid =
			startAtLayer === undefined ? family.embed(trace, config, { ...inputs, tokens: first as Value }) : first;
		const end = stopAtLayer ?? config.nLayers;
		for (let layer = startAtLayer ?? 0; layer < end; layer++) {
			resid = family.block(trace, config, layer, resid as Value, inputs);
		}
		if (stopAtLayer !== undefined) return resid as Value;
		return family.unembed(trace, config, atScored(resid as Value, range));
	};
	const first =
		startAtLayer === undefined
			? inputs.tokens
			: input(FEEDS.residual, "float32", [...extents, config.dModel]);
	const { root } = family;
	return { trace, output: root ? trace.call({ module: root, points: "" }, run, first) : run(first) };
}

function modelInputs(
	[batch, pos]: readonly [Dim, Dim],
	{ padded, past: pastExtent, startAtLayer = 0 }: ModelRange,
	{ nKvHeads, dHead }: Dimensions,
	width: number | undefined,
): ModelInputs {
	const tokens =
		width === undefined
			? input(FEEDS.tokens, "int32", [batch, pos])
			: input(FEEDS.tokens, "float32", [batch, pos, width]);
	const rowsOf = (extent: Dim): Dim[] => (padded ? [batch, extent] : [extent]);
	const positions = input(FEEDS.positions, "int32", rowsOf(pos));
	const keys = addDims(pastExtent ?? 0, pos);
	const keyPositions =
		pastExtent === undefined ? positions : input(FEEDS.keyPositions, "int32", rowsOf(keys));
	const past =
		pastExtent === undefined
			? undefined
			: (layer: number): KeysAndValues => {
					const shape = [batch, pastExtent, nKvHeads, dHead];
					return {
						key: input(FEEDS.pastKey(layer - startAtLayer), "float32", shape),
						value: input(FEEDS.pastValue(layer - startAtLayer), "float32", shape),
					};
				};
	// positions grow along each row, so "not later" is "position not greater"
	const [query, key] = padded
		? [unsqueeze(positions, 1, 3), unsqueeze(keyPositions, 1, 2)] // [batch, 1, query, 1] and [batch, 1, 1, key]
		: [unsqueeze(positions, 1), unsqueeze(keyPositions, 0)];
	const causal = lessEqual(key, query);
	const mask = padded ? and(causal, unsqueeze(input(FEEDS.mask, "bool", [batch, keys]), 1, 2)) : causal;
	const windowed = (size: number): Value => and(mask, greater(add(key, size), query));
	return { tokens, positions, mask, windowed, padded, past };
}
