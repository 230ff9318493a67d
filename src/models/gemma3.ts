import * as z from "zod/mini";
import { count, positive } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";
import { cappedGemma, cappedKeys, gemmaKeys, gemmaLike, ggufScalar } from "./decoder/gemma.js";
import { readRope, ropeSchema } from "./decoder/rope-config.js";
import { readWindows, windowKeys } from "./decoder/windows.js";

/** Bases of the rotary frequencies where config.json names none: of layers that see everything, and of the others. */
const THETA = { full: 1e6, sliding: 1e4 };

/** Gemma 3 (Gemma Team 2025), text: query and key norms in place of caps, windows with rotary positions of their own. */
export const gemma3 = decoder({
	name: "gemma3_text",
	doc: "Gemma 3 (text): as Gemma 2, with query and key norms in place of caps, windows with a rotary base of their own",
	keys: {
		...gemmaKeys,
		...cappedKeys,
		...windowKeys,
		max_position_embeddings: z._default(count, 131072),
		/** Hugging Face takes it and goes without. */
		attn_logit_softcapping: z.optional(z.null()),
		sliding_window: z._default(z.nullable(count), 4096),
		/** Every so many layers one sees everything, where `layer_types` does not say. */
		sliding_window_pattern: z.optional(count),
		_sliding_window_pattern: z.optional(count),
		rope_local_base_freq: z.optional(positive),
		rope_parameters: z.nullish(z.strictObject({ full_attention: ropeSchema, sliding_attention: ropeSchema })),
	},
	read: (c, sizes) => {
		const period = c.sliding_window_pattern ?? c._sliding_window_pattern ?? 6;
		const windows = readWindows("gemma3_text", sizes.nLayers, c, (layer) => (layer + 1) % period !== 0);
		const base = { dim: sizes.dHead, context: sizes.nCtx };
		const stretched = { ...c.rope_parameters?.full_attention, ...c.rope_scaling };
		const full = readRope("gemma3_text", stretched, {
			...base,
			theta: c.rope_theta ?? THETA.full,
		});
		const sliding = readRope("gemma3_text", c.rope_parameters?.sliding_attention, {
			...base,
			theta: c.rope_local_base_freq ?? THETA.sliding,
		});
		return {
			...gemmaLike(c, sizes),
			...cappedGemma(c),
			qkNorm: "head",
			windows,
			ropes: windows.map((window) => (window === undefined ? full : sliding)),
		};
	},
	gguf: {
		architecture: "gemma3",
		keys: ["attention.sliding_window", "final_logit_softcapping", "rope.freq_base_swa"],
		config: (file) => {
			const window = file.at("attention.sliding_window");
			return {
				unit_offset: false,
				query_pre_attn_scalar: ggufScalar(file, 62),
				final_logit_softcapping: file.at("final_logit_softcapping"),
				rope_local_base_freq: file.at("rope.freq_base_swa"),
				...(window === undefined ? { sliding_window_pattern: 1 } : { sliding_window: window }),
			};
		},
	},
});
