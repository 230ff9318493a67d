import * as z from "zod/mini";
import { count } from "./config-schema.js";
import { attentionBias } from "./decoder/config.js";
import { decoder } from "./decoder/decoder.js";
import { readSwitchedWindows, switchedWindowKeys } from "./decoder/windows.js";

/** Qwen 3 (Yang et al. 2025), dense: a Llama that norms each head's queries and keys before their rotation. */
export const qwen3 = decoder({
	name: "qwen3",
	doc: "Qwen 3 (dense): as Llama, with a norm of each head's queries and keys; sliding windows where they are on",
	keys: {
		...attentionBias,
		...switchedWindowKeys,
		head_dim: z._default(count, 128),
		max_position_embeddings: z._default(count, 32768),
	},
	read: (c, { nLayers }) => ({
		qkvBias: c.attention_bias,
		outputBias: c.attention_bias,
		qkNorm: "head",
		windows: readSwitchedWindows("qwen3", nLayers, c),
	}),
	gguf: { architecture: "qwen3" },
});
