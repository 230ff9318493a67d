import * as z from "zod/mini";
import { count } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";

/**
 * Mistral (Jiang et al. 2023): a Llama whose queries see a sliding window of keys, in all layers or in none. llama.cpp
 * stores it as a Llama and without the window, which leaves sequences within the window as they are.
 */
export const mistral = decoder({
	name: "mistral",
	doc: "Mistral: as Llama, with a sliding window in every layer or none",
	keys: {
		max_position_embeddings: z._default(count, 131072),
		sliding_window: z._default(z.nullable(count), 4096),
	},
	read: (c, { nLayers }) => ({
		windows: Array<number | undefined>(nLayers).fill(c.sliding_window ?? undefined),
	}),
});
