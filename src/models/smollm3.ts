import * as z from "zod/mini";
import { count } from "./config-schema.js";
import { attentionBias } from "./decoder/config.js";
import { decoder, uniformRope } from "./decoder/decoder.js";
import { readSwitchedWindows, switchedWindowKeys } from "./decoder/windows.js";
import { ModelError } from "./family.js";

/** Base of the rotary frequencies where config.json names none. */
const THETA = 2e6;

/** SmolLM3 (Bakouch et al. 2025): a Llama in which every fourth layer has no positions (Yang et al. 2025, "RoPE to NoPE"). */
export const smollm3 = decoder({
	name: "smollm3",
	doc: "SmolLM3: as Llama, with layers that have no rotary positions; sliding windows where they are on",
	keys: {
		...attentionBias,
		...switchedWindowKeys,
		sliding_window: z.nullish(count),
		mlp_bias: z._default(z.boolean(), false),
		tie_word_embeddings: z._default(z.boolean(), true),
		max_position_embeddings: z._default(count, 32768),
		/** 1 for each layer with rotary positions, 0 for those without. */
		no_rope_layers: z.nullish(z.array(z.union([z.literal(0), z.literal(1)]))),
		no_rope_layer_interval: z._default(count, 4),
	},
	read: (c, sizes) => {
		const { nLayers } = sizes;
		const { no_rope_layers: marks, no_rope_layer_interval: interval } = c;
		if (marks && marks.length < nLayers) {
			throw new ModelError(
				`config.json (smollm3): no_rope_layers has ${marks.length} entries for ${nLayers} layers`,
			);
		}
		const rotates = (layer: number): boolean => (marks ? marks[layer] === 1 : (layer + 1) % interval !== 0);
		return {
			qkvBias: c.attention_bias,
			outputBias: c.attention_bias,
			mlpBias: c.mlp_bias,
			ropes: uniformRope("smollm3", c, sizes, THETA).map((rope, l) => (rotates(l) ? rope : undefined)),
			windows: readSwitchedWindows("smollm3", nLayers, c, (layer) => !rotates(layer)),
		};
	},
	gguf: { architecture: "smollm3", paired: true },
});
