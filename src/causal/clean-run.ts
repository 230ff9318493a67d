import { actName } from "../hooks/points.js";
import type { Measure } from "../metrics/index.js";
import { KeyValueCache } from "../models/key-value-cache.js";
import { layerOf } from "../models/request.js";
import type { Tensor } from "../tensor/index.js";

/** What a sweep keeps of the unchanged run: where changed runs begin. */
export interface CleanRun {
	/** The residual stream [rows, pos, d_model] before each layer; the last one is behind all of them. */
	readonly streams: readonly Tensor<"float32">[];
	/** Keys and values of each layer. */
	readonly pasts: readonly KeyValueCache[];
	/** What else was asked for, by hook name. */
	readonly recorded: ReadonlyMap<string, Tensor>;
}

/**
 * Runs rows unchanged, layer by layer, as changed ones are run.
 * @param names points inside the blocks that are recorded beside
 */
export async function cleanRun(
	{ model, input, mask }: Measure,
	names: readonly string[],
	signal: AbortSignal | undefined,
): Promise<CleanRun> {
	const options = { ...(mask && { mask }), ...(signal && { signal }) };
	const streams = [await model.run(input, { ...options, stopAtLayer: 0 })];
	const pasts: KeyValueCache[] = [];
	const recorded = new Map<string, Tensor>();
	for (let layer = 0; layer < model.config.nLayers; layer++) {
		const end = actName("resid_post", layer);
		const own = names.filter((name) => layerOf(name) === layer);
		const { cache } = await model.runWithCache(streams[layer] as Tensor<"float32">, {
			...options,
			startAtLayer: layer,
			stopAtLayer: layer + 1,
			names: [end, ...KeyValueCache.names(model, [layer]), ...own],
		});
		streams.push(cache.get(end) as Tensor<"float32">);
		pasts.push(KeyValueCache.of(model, cache));
		for (const name of own) recorded.set(name, cache.get(name));
	}
	return { streams, pasts, recorded };
}
