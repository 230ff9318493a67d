import * as z from "zod/mini";
import type { RopeConfig } from "../../nn/rope.js";
import { count, positive } from "../config-schema.js";
import { ModelError } from "../family.js";

const ropeType = z.optional(z.enum(["default", "linear", "llama3"]));
const stretch = z.optional(positive);

/** How the rotary frequencies are stretched, as configurations say it. */
export const ropeStretch = z.strictObject({
	rope_type: ropeType,
	type: ropeType,
	rope_theta: stretch,
	factor: stretch,
	low_freq_factor: stretch,
	high_freq_factor: stretch,
	original_max_position_embeddings: z.optional(count),
});
export const ropeSchema = z.nullish(ropeStretch);

/**
 * Keys of config.json about rotary positions: `rope_parameters` in newer ones, the other two in older ones. Where both say how
 * frequencies are stretched Hugging Face goes by `rope_scaling`, and so does this.
 */
export const ropeKeys = {
	rope_theta: stretch,
	rope_scaling: ropeSchema,
	rope_parameters: ropeSchema,
};

type Scaling = z.output<typeof ropeSchema>;

/** What a configuration without a word of it means: the base of the frequencies, channels, and longest sequence. */
export interface RopeDefaults {
	readonly theta: number;
	readonly dim: number;
	readonly context: number;
}

/** Rotary positions in a configuration. @throws {ModelError} for a scaling that lacks a number */
export function readRope(
	family: string,
	scaling: Scaling,
	{ theta, dim, context }: RopeDefaults,
): RopeConfig {
	const base = { theta: scaling?.rope_theta ?? theta, dim };
	const kind = scaling?.rope_type ?? scaling?.type ?? "default";
	if (!scaling || kind === "default") return base;
	const need = (key: "factor" | "low_freq_factor" | "high_freq_factor"): number => {
		const value = scaling[key];
		if (value === undefined)
			throw new ModelError(`config.json (${family}): rope scaling "${kind}" needs "${key}"`);
		return value;
	};
	if (kind === "linear") return { ...base, scaling: { kind, factor: need("factor") } };
	return {
		...base,
		scaling: {
			kind,
			factor: need("factor"),
			lowFrequencyFactor: need("low_freq_factor"),
			highFrequencyFactor: need("high_freq_factor"),
			originalContext: scaling.original_max_position_embeddings ?? context,
		},
	};
}
