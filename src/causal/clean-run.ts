import { actName } from "../hooks/points.js";
import type { Measure } from "../metrics/index.js";
import { KeyValueCache } from "../models/key-value-cache.js";
import type { Tensor } from "../tensor/index.js";

/** What a sweep keeps of the unchanged run: where changed runs begin. */
export interface CleanRun {
	/** The residual stream [rows, pos, d_model] before each layer; the last one is behind all of them. */
	readonly streams: readonly Tensor<"float32">[];
	/** Keys and values of each layer. */
	readonly pasts: readonly KeyValueCache[];
}

/** Runs rows unchanged, layer by layer, as changed ones are run. */
export async function cleanRun(
	{ model, input, mask }: Measure,
	signal: AbortSignal | undefined,
): Promise<CleanRun> {
	const options = { ...(mask && { mask }), ...(signal && { signal }) };
	const streams = [await model.run(input, { ...options, stopAtLayer: 0 })];
	const pasts: KeyValueCache[] = [];
	for (let layer = 0; layer < model.config.nLayers; layer++) {
		const end = actName("resid_post", layer);
		const { cache } = await model.runWithCache(streams[layer] as Tensor<"float32">, {
			...options,
			startAtLayer: layer,
			stopAtLayer: layer + 1,
			names: [end, ...KeyValueCache.names(model, [layer])],
		});
		streams.push(cache.get(end) as Tensor<"float32">);
		pasts.push(KeyValueCache.of(model, cache));
	}
	return { streams, pasts };
}
