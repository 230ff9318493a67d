import * as z from "zod/mini";
import type { RopeConfig } from "../nn/rope.js";
import { count, positive, share } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";
import { type Dimensions, ModelError } from "./family.js";

const ropeType = z.optional(z.enum(["default", "longrope", "su", "yarn"]));
const factors = z.optional(z.array(positive));

/** Rotary positions: plain, or LongRoPE, which is also called "su" and "yarn" here. */
const ropeSchema = z.nullish(
	z.strictObject({
		rope_type: ropeType,
		type: ropeType,
		rope_theta: z.optional(positive),
		partial_rotary_factor: z.optional(share),
		short_factor: factors,
		long_factor: factors,
		factor: z.optional(positive),
		attention_factor: z.optional(positive),
		original_max_position_embeddings: z.optional(count),
	}),
);

const keys = {
	max_position_embeddings: z._default(count, 4096),
	original_max_position_embeddings: z.optional(count),
	rms_norm_eps: z._default(positive, 1e-5),
	/** What no published model has otherwise. */
	attention_bias: z._default(z.literal(false), false),
	mlp_bias: z._default(z.literal(false), false),
	lm_head_bias: z._default(z.literal(false), false),
	full_attn_mod: z._default(z.literal(1), 1),
	interpolate_factor: z._default(z.literal(1), 1),
	sliding_window: z.nullish(count),
	partial_rotary_factor: z._default(share, 1),
	rope_scaling: ropeSchema,
	rope_parameters: ropeSchema,
};

type RopeKeys = z.output<z.ZodMiniObject<typeof keys>> & { readonly rope_theta?: number | undefined };

/**
 * Phi-3 and Phi-4 (Abdin et al. 2024): a Llama whose q, k, v and whose gate and up projection lie in one matrix each.
 * With LongRoPE all angles change once a sequence is longer than the original context; up to there the short factors
 * hold, and that is the longest sequence here.
 */
export const phi3 = decoder({
	name: "phi3",
	doc: "Phi-3 and Phi-4: as Llama, with fused q/k/v and gate/up, partial rotation, LongRoPE up to the original context",
	keys,
	read: (c, sizes) => {
		const rope = readPhiRope(c, sizes);
		return {
			fused: true,
			windows: Array<number | undefined>(sizes.nLayers).fill(c.sliding_window ?? undefined),
			ropes: Array<RopeConfig>(sizes.nLayers).fill(rope),
			...(rope.scaling && { nCtx: Math.min(sizes.nCtx, originalContext(c)) }),
		};
	},
	gguf: {
		architecture: "phi3",
		keys: ["attention.sliding_window"],
		config: ({ at }) => ({ sliding_window: at("attention.sliding_window") || null }),
	},
});

function readPhiRope(c: RopeKeys, { dHead }: Dimensions): RopeConfig {
	const scaling = c.rope_scaling ?? c.rope_parameters;
	const dim = Math.floor(dHead * (scaling?.partial_rotary_factor ?? c.partial_rotary_factor));
	if (dim % 2 !== 0) {
		throw new ModelError(
			`config.json (phi3): partial_rotary_factor leaves ${dim} of ${dHead} channels, an odd number`,
		);
	}
	const base = { theta: scaling?.rope_theta ?? c.rope_theta ?? 10000, dim };
	if (!scaling || (scaling.rope_type ?? scaling.type ?? "default") === "default") return base;
	const { short_factor: divisors, attention_factor: amplitude } = scaling;
	if (divisors?.length !== dim / 2) {
		throw new ModelError(
			`config.json (phi3): short_factor has ${divisors?.length ?? 0} entries for ${dim / 2} frequencies`,
		);
	}
	const original = originalContext(c);
	const stretch = scaling.factor ?? c.max_position_embeddings / original;
	const usual = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original));
	return { ...base, scaling: { kind: "longrope", divisors, amplitude: amplitude ?? usual } };
}

/** Positions that the model was first trained with. */
function originalContext({
	rope_parameters,
	rope_scaling,
	original_max_position_embeddings: own,
}: RopeKeys): number {
	const original = (rope_scaling ?? rope_parameters)?.original_max_position_embeddings ?? own;
	if (original !== undefined) return original;
	throw new ModelError("config.json (phi3): LongRoPE needs original_max_position_embeddings");
}
