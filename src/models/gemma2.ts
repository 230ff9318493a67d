import * as z from "zod/mini";
import { count, positive } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";
import { cappedGemma, cappedKeys, gemmaKeys, gemmaLike, ggufScalar } from "./decoder/gemma.js";
import { readWindows, windowKeys } from "./decoder/windows.js";
import { ModelError } from "./family.js";

/** Gemma 2 (Gemma Team 2024): capped scores and logits, norms before and behind, a window in every other layer. */
export const gemma2 = decoder({
	name: "gemma2",
	doc: "Gemma 2: as Gemma, with capped scores and logits, norms before and behind, every other layer with a window",
	keys: {
		...gemmaKeys,
		...cappedKeys,
		...windowKeys,
		max_position_embeddings: z._default(count, 8192),
		attn_logit_softcapping: z._default(z.nullable(positive), 50),
		final_logit_softcapping: z._default(z.nullable(positive), 30),
		sliding_window: z._default(z.nullable(count), 4096),
		/** The same again, in early configurations. */
		sliding_window_size: z.optional(count),
	},
	read: (c, sizes) => {
		const { sliding_window: window, sliding_window_size: again = window } = c;
		if (again !== window) {
			throw new ModelError(
				`config.json (gemma2): sliding_window_size ${again} differs from sliding_window ${window}`,
			);
		}
		return {
			...gemmaLike(c, sizes),
			...cappedGemma(c),
			windows: readWindows("gemma2", sizes.nLayers, c, (layer) => layer % 2 === 0),
		};
	},
	gguf: {
		architecture: "gemma2",
		keys: ["attention.sliding_window", "attn_logit_softcapping", "final_logit_softcapping"],
		config: (file) => ({
			unit_offset: false,
			query_pre_attn_scalar: ggufScalar(file, 46),
			attn_logit_softcapping: file.at("attn_logit_softcapping"),
			final_logit_softcapping: file.at("final_logit_softcapping"),
			sliding_window: file.at("attention.sliding_window"),
		}),
	},
});
