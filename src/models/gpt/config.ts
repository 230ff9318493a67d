import * as z from "zod/mini";
import type { RopeConfig } from "../../nn/rope.js";
import { share } from "../config-schema.js";
import { readRope, ropeKeys, ropeStretch } from "../decoder/rope-config.js";
import { type Dimensions, ModelError } from "../family.js";

/** A decoder with LayerNorm and an MLP of two matrices: what differs between its architectures. */
export interface GptConfig extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	/** The unembedding is the embedding. */
	readonly tied: boolean;
	/** Biases of q, k and v, of the heads' output, of the MLP's two matrices, and of the logits. */
	readonly qkvBias: boolean;
	readonly outputBias: boolean;
	readonly mlpBias: boolean;
	readonly unembedBias: boolean;
	/** Factor on q k^T. */
	readonly scale: number;
	/** Rotary positions; undefined where positions are learned. */
	readonly rope?: RopeConfig | undefined;
	/** Rows of the table of learned positions that come before that of the first position. */
	readonly positionOffset: number;
	/** How many keys a query of each layer sees, its own included; undefined for all. */
	readonly windows: readonly (number | undefined)[];
	/** Attention and MLP read the same stream and are added to it together. */
	readonly parallel: boolean;
	/** How q, k and v share a matrix where they do: each head's three after each other, or all queries first. */
	readonly fused?: "by head" | "by kind" | undefined;
}

const partialRopeSchema = z.nullish(z.extend(ropeStretch, { partial_rotary_factor: z.optional(share) }));

/** Keys of config.json about rotary positions where a part of each head's channels turns. */
export const partialRopeKeys = {
	...ropeKeys,
	rope_scaling: partialRopeSchema,
	rope_parameters: partialRopeSchema,
};

/**
 * Rotary positions of a part of each head's channels.
 * @param usual base of the frequencies and part that turns where `partialRopeKeys` name none
 * @throws {ModelError} for a part that makes no pairs of channels, and for a scaling that lacks a number
 */
export function readPartialRope(
	family: string,
	c: z.output<z.ZodMiniObject<typeof partialRopeKeys>>,
	sizes: Dimensions,
	usual: { readonly theta: number; readonly part: number },
): RopeConfig {
	const scaling = c.rope_scaling ?? c.rope_parameters;
	const turned = Math.floor(sizes.dHead * (scaling?.partial_rotary_factor ?? usual.part));
	return readRope(family, scaling, {
		theta: c.rope_theta ?? usual.theta,
		dim: rotaryChannels(family, turned, sizes),
		context: sizes.nCtx,
	});
}

/** Channels of each head that turn. @throws {ModelError} for a number that makes no pairs of a head's channels */
export function rotaryChannels(family: string, dim: number, { dHead }: Dimensions): number {
	if (dim >= 2 && dim <= dHead && dim % 2 === 0) return dim;
	throw new ModelError(
		`config.json (${family}): ${dim} of ${dHead} channels are to be rotated, allowed even numbers from 2 to ${dHead}`,
	);
}

/** What is so unless an architecture says otherwise. */
export function gptDefaults(sizes: Dimensions): Omit<GptConfig, "eps" | "activation"> {
	return {
		...sizes,
		tied: false,
		qkvBias: true,
		outputBias: true,
		mlpBias: true,
		unembedBias: false,
		scale: sizes.dHead ** -0.5,
		positionOffset: 0,
		windows: [],
		parallel: false,
	};
}
