import * as z from "zod/mini";
import { positive } from "./config-schema.js";
import { attentionBias } from "./decoder/config.js";
import { decoder } from "./decoder/decoder.js";

/** OLMo 2 (OLMo Team 2024): norms behind attention and MLP alone, and of all queries and all keys of a token as one. */
export const olmo2 = decoder({
	name: "olmo2",
	doc: "OLMo 2: as Llama, with norms behind attention and MLP only, and norms of all heads' queries and keys",
	keys: { ...attentionBias, rms_norm_eps: z._default(positive, 1e-5) },
	read: (c) => ({
		qkvBias: c.attention_bias,
		outputBias: c.attention_bias,
		norms: "behind",
		qkNorm: "heads",
	}),
	gguf: { architecture: "olmo2" },
});
