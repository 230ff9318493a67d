import type * as z from "zod/mini";
import type { RopeConfig } from "../../nn/rope.js";
import { configReader } from "../config-schema.js";
import type { Dimensions, Family } from "../family.js";
import { type DecoderConfig, type DecoderKeys, decoderKeys, readDimensions } from "./config.js";
import { block, embed, unembed } from "./forward.js";
import { type DecoderGguf, decoderGguf } from "./gguf.js";
import { decoderLayout } from "./layout.js";
import { readRope } from "./rope-config.js";
import { decoderWeights } from "./weights.js";

/** What `decoderKeys` and an architecture's own keys read. */
type Keys<S extends z.core.$ZodShape> = z.output<z.ZodMiniObject<Omit<typeof decoderKeys, keyof S> & S>>;

/** What one architecture says of itself. */
export interface DecoderOptions<S extends z.core.$ZodShape> {
	/** `model_type` of config.json. */
	readonly name: string;
	/** One line for the support table. */
	readonly doc: string;
	/** Keys of config.json beside the common ones, or in their place: with another default, say. */
	readonly keys: S;
	/** Base of the rotary frequencies where config.json names none. Default 10000. */
	readonly theta?: number;
	/** Where it is not a Llama with another name. */
	read(c: Keys<S>, sizes: Dimensions): Partial<DecoderConfig>;
	readonly gguf?: DecoderGguf;
}

/**
 * A family of decoders with RMSNorm, rotary positions, gated MLPs and grouped-query attention: Llama (Touvron et al.
 * 2023) and what came after it. All that an architecture does otherwise is in `DecoderConfig`.
 */
export function decoder<S extends z.core.$ZodShape>(options: DecoderOptions<S>): Family<DecoderConfig> {
	const { name, doc, keys, theta = 10000, read, gguf } = options;
	const parse = configReader(name, { ...decoderKeys, ...keys });
	return {
		name,
		doc,
		norm: "rms",
		parseConfig(config) {
			const c = parse(config);
			const common = c as DecoderKeys;
			const sizes = readDimensions(name, common);
			const own = read(c as Keys<S>, sizes);
			return { ...llamaLike(common, sizes, own.ropes ?? uniformRope(name, common, sizes, theta)), ...own };
		},
		weights: decoderWeights,
		layout: decoderLayout,
		// value biases that are folded away need a place at the output
		untied: (c) => ({ ...c, tied: false, outputBias: c.outputBias || c.qkvBias }),
		logitCap: (c) => c.logitCap,
		// a norm that multiplies by 1 + weight begins with 0
		initialGain: (c) => (c.unitOffset ? 0 : 1),
		rename(tensor) {
			if (tensor.endsWith(".rotary_emb.inv_freq")) return undefined;
			return /^(model\.|lm_head\.|rope_freqs\.)/.test(tensor) ? tensor : `model.${tensor}`;
		},
		...(gguf && { gguf: decoderGguf(gguf) }),
		embed,
		block,
		unembed,
	};
}

/** One and the same rotation in all layers. @throws {ModelError} for a scaling that lacks a number */
export function uniformRope(
	family: string,
	{
		rope_parameters,
		rope_scaling,
		rope_theta,
	}: Pick<DecoderKeys, "rope_parameters" | "rope_scaling" | "rope_theta">,
	{ nLayers, dHead, nCtx }: Dimensions,
	theta: number,
): RopeConfig[] {
	const scaling = rope_scaling ?? rope_parameters;
	const rope = readRope(family, scaling, { theta: rope_theta ?? theta, dim: dHead, context: nCtx });
	return Array<RopeConfig>(nLayers).fill(rope);
}

/** Llama without biases. */
function llamaLike(c: DecoderKeys, sizes: Dimensions, ropes: DecoderConfig["ropes"]): DecoderConfig {
	return {
		...sizes,
		eps: c.rms_norm_eps,
		activation: c.hidden_act,
		tied: c.tie_word_embeddings,
		qkvBias: false,
		outputBias: false,
		mlpBias: false,
		fused: false,
		scale: sizes.dHead ** -0.5,
		ropes,
		ropeFactors: false,
		windows: [],
		norms: "before",
		unitOffset: false,
		embedScale: 1,
	};
}
