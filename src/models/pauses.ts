import type { Dimensions } from "./family.js";
import type { CacheOptions } from "./run-options.js";

/** Multiply-adds between two places where a run hears that it was cancelled: about two seconds. Each piece is a session. */
const STEP = 2e11;

/**
 * Cuts a long run that can be cancelled into ranges of layers, with host hooks that only look: the same
 * bits, and an abort is heard at the next cut. Short runs stay whole.
 * @param rows batch times positions
 * @param end the first layer of which nothing is wanted
 * @param step multiply-adds between two cuts
 */
export function withPauses(
	options: CacheOptions,
	config: Dimensions,
	rows: number,
	end: number,
	step: number = STEP,
): CacheOptions {
	if (!options.signal) return options;
	const { dModel, dMlp, nLayers } = config;
	const perLayer = rows * dModel * (4 * dModel + 3 * dMlp);
	const layers = Math.max(1, Math.floor(step / perLayer));
	const { startAtLayer = 0 } = options;
	const cuts = Array.from({ length: nLayers }, (_, l) => l).filter(
		(l) => l > startAtLayer && l < end && (l - startAtLayer) % layers === 0,
	);
	if (cuts.length === 0) return options;
	const looking = cuts.map((l) => [`blocks.${l}.hook_resid_pre`, () => undefined] as const);
	return { ...options, hostHooks: [...(options.hostHooks ?? []), ...looking] };
}
