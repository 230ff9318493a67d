import * as z from "zod/mini";
import { count } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";
import { gemmaKeys, gemmaLike } from "./decoder/gemma.js";

/** Gemma (Gemma Team 2024): gated GELU, norms that multiply by 1 + weight, a scaled embedding. */
export const gemma = decoder({
	name: "gemma",
	doc: "Gemma: as Llama, with gated GELU, norms that multiply by 1 + weight, a scaled and tied embedding",
	keys: { ...gemmaKeys, max_position_embeddings: z._default(count, 8192) },
	read: gemmaLike,
	gguf: { architecture: "gemma", config: () => ({ unit_offset: false }) },
});
