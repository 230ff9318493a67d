import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { HeadScore, Point } from "./score.js";

/** What stands between a layer's heads and the residual stream, where their architecture has a norm there. */
export interface NormBehind {
	/** Its weight as it is stored, and what is added to that. */
	readonly stored: { readonly name: string; readonly shape: readonly number[] };
	readonly offset: number;
}

/** The norm behind a layer's heads (`ln1_post`), if the score reads what they write. */
export function normBehind(model: Model, layer: number, { needs }: HeadScore): NormBehind | undefined {
	if (!needs.includes("result")) return undefined;
	const usual = model.usualWeights().get(`blocks.${layer}.ln1_post.w`);
	return usual && { stored: usual.stored, offset: usual.offset };
}

/**
 * The points of a layer as scores read them: as the run has them, but that a head's result counts as far as it reaches the
 * stream, times the weight of the norm behind it. That norm's scale is left out, which all heads of a query share.
 */
export function layerPoints(
	get: (name: string) => Value,
	layer: number,
	norm: NormBehind | undefined,
	g: G,
): (point: Point) => Value {
	return (point) => {
		const value = get(`blocks.${layer}.attn.hook_${point}`);
		if (point !== "result" || !norm) return value;
		const { stored, offset } = norm;
		return g.mul(value, g.add(g.weight(stored.name, stored.shape), offset));
	};
}
