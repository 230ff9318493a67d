import type { OnnxValueInfo } from "../onnx/proto.js";
import type { Tensor } from "../tensor/index.js";
import { positionsOf } from "./batch.js";
import { type Dimensions, ModelError } from "./family.js";
import type { Feeds } from "./feeds.js";
import { join, type KeyValueCache, ones } from "./key-value-cache.js";
import type { RunOptions } from "./run-options.js";
import { FEEDS } from "./trace-model.js";

/**
 * The feeds of a run that comes after earlier positions: positions go on from there, the mask covers both.
 * @throws {ModelError} for a past of another batch or model, one that lacks a layer of the run, and a sequence that
 * becomes longer than the model's context
 */
export function withPast(
	feeds: Feeds,
	past: KeyValueCache,
	{ startAtLayer, stopAtLayer }: RunOptions,
	{ nLayers, nKvHeads, dHead, nCtx }: Dimensions,
): Feeds {
	const { batch, pos, tensors } = feeds;
	const whole = past.length + pos;
	if (past.batch !== batch) throw new ModelError(`past: has ${past.batch} rows, but the input ${batch}`);
	if (whole > nCtx)
		throw new ModelError(
			`past: ${past.length} positions and ${pos} more, but the model's context is ${nCtx}`,
		);
	const expected = [batch, past.length, nKvHeads, dHead];
	const fed: Record<string, Tensor> = {};
	const first = startAtLayer ?? 0;
	for (let layer = first; layer < (stopAtLayer ?? nLayers); layer++) {
		const found = past.layers.get(layer);
		if (!found)
			throw new ModelError(`past: lacks layer ${layer}; it has ${[...past.layers.keys()].join(", ")}`);
		for (const tensor of [found.key, found.value]) {
			if (tensor.shape.join() !== expected.join())
				throw new ModelError(`past: layer ${layer} must be float32[${expected.join(", ")}], got ${tensor}`);
		}
		fed[FEEDS.pastKey(layer - first)] = found.key;
		fed[FEEDS.pastValue(layer - first)] = found.value;
	}
	const own = tensors[FEEDS.mask] as Tensor<"bool"> | undefined;
	const mask =
		own || past.mask ? join(past.mask ?? ones(past), own ?? ones({ batch, length: pos })) : undefined;
	const padded = mask?.data.includes(0) ?? false;
	const positions = positionsOf(padded ? mask : undefined, whole);
	return {
		...feeds,
		padded,
		tensors: {
			...tensors,
			...fed,
			[FEEDS.keyPositions]: positions,
			[FEEDS.positions]: positions.slice(positions.shape.length - 1, past.length),
			...(padded && mask && { [FEEDS.mask]: mask }),
		},
	};
}

/** The tokens of a whole sequence, [batch, past + pos, ..]; undefined where those of one part are not known. */
export function wholeTokens(past: KeyValueCache | undefined, own: Tensor | undefined): Tensor | undefined {
	if (!past) return own;
	return own && past.tokens ? join(past.tokens, own) : undefined;
}

/**
 * What a program reads of the feeds that there are. A run after a past takes its own share of tensors that were made for
 * the whole sequence: positions (or queries) before the run's are cut off where the graph declares the run's extent.
 */
export function neededFeeds(
	declared: readonly OnnxValueInfo[],
	feeds: Readonly<Record<string, Tensor>>,
	past: KeyValueCache | undefined,
): Record<string, Tensor> {
	const pos = feeds[FEEDS.positions]?.shape.at(-1);
	const needed: Record<string, Tensor> = {};
	for (const { name, shape } of declared) {
		let tensor = feeds[name];
		if (!tensor) continue;
		if (past && pos !== undefined) {
			for (const [axis, dim] of shape.entries()) {
				const isOwn = dim === "pos" || dim === pos;
				if (isOwn && tensor.shape[axis] === past.length + pos) tensor = tensor.slice(axis, past.length);
			}
		}
		needed[name] = tensor;
	}
	return needed;
}
