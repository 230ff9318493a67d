import type { Family } from "./family.js";
import { type HookedConfig, hookedConfig } from "./hooked/config.js";
import { block, embed, unembed } from "./hooked/forward.js";
import { hookedLayout, hookedWeights } from "./hooked/weights.js";

/**
 * Models in TransformerLens' own layout (Nanda and Bloom 2022), such as its toy models of attention alone: a state dict
 * of a `HookedTransformer` as safetensors, and a config.json with the keys of its `HookedTransformerConfig` and
 * `"architectures": ["HookedTransformer"]`.
 */
export const hookedTransformer: Family<HookedConfig> = {
	name: "hooked_transformer",
	doc: "TransformerLens' own layout: attention-only and small models, LN, LNPre or no norm, shortformer positions",
	norm: "layer",
	hasNorms: (c) => c.normalization !== undefined,
	positionsApart: (c) => c.positions === "shortformer",
	parseConfig: hookedConfig,
	weights: hookedWeights,
	layout: hookedLayout,
	untied: (c) => c,
	rename: (name) => (/\.attn\.(mask|IGNORE)$/.test(name) ? undefined : name),
	embed,
	block,
	unembed,
};
