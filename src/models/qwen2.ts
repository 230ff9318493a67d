import * as z from "zod/mini";
import { count } from "./config-schema.js";
import { decoder } from "./decoder/decoder.js";
import { readSwitchedWindows, switchedWindowKeys } from "./decoder/windows.js";

/** Qwen 2 and 2.5 (Yang et al. 2024): a Llama whose queries, keys and values have biases. */
export const qwen2 = decoder({
	name: "qwen2",
	doc: "Qwen 2 and 2.5: as Llama, with biases on queries, keys and values; sliding windows where they are on",
	keys: {
		...switchedWindowKeys,
		max_position_embeddings: z._default(count, 32768),
		/** Positions of images; text alone has the same angles on all channels. */
		use_mrope: z._default(z.literal(false), false),
	},
	read: (c, { nLayers }) => ({ qkvBias: true, windows: readSwitchedWindows("qwen2", nLayers, c) }),
	gguf: { architecture: "qwen2" },
});
