import type * as z from "zod/mini";
import { configReader } from "../config-schema.js";
import type { Family } from "../family.js";
import type { GptConfig } from "./config.js";
import { block, embed, unembed } from "./forward.js";
import { type GptGguf, gptGguf } from "./gguf.js";
import { gptLayout } from "./layout.js";
import { type GptModules, gptWeights } from "./weights.js";

/** What one architecture says of itself. */
export interface GptOptions<S extends z.core.$ZodShape> {
	/** `model_type` of config.json. */
	readonly name: string;
	/** One line for the support table. */
	readonly doc: string;
	/** Keys of config.json. */
	readonly keys: S;
	read(c: z.output<z.ZodMiniObject<S>>): GptConfig;
	readonly modules: GptModules;
	readonly gguf?: GptGguf;
}

/** Buffers that files hold and no forward pass needs: masks, tables of sines, frequencies. */
const BUFFERS = /\.(attention|attn)\.(bias|masked_bias|embed_positions)$|\.inv_freq$/;

/**
 * A family of decoders with LayerNorm and MLPs of two matrices, all stored as torch's nn.Linear: what was published
 * between GPT-2 and Llama. All that an architecture does otherwise is in `GptConfig`, its names in `GptModules`.
 */
export function gptLike<S extends z.core.$ZodShape>(options: GptOptions<S>): Family<GptConfig> {
	const { name, doc, keys, read, modules: m, gguf } = options;
	const parse = configReader(name, keys);
	// a file of the model without its head lacks the first part
	const first = m.prefix.slice(0, m.prefix.indexOf(".") + 1);
	return {
		name,
		doc,
		norm: "layer",
		parseConfig: (config) => read(parse(config)),
		weights: (c) => gptWeights(m, c),
		layout: (c) => gptLayout(m, c),
		untied: (c) => ({
			...c,
			tied: false,
			qkvBias: true,
			outputBias: true,
			mlpBias: true,
			unembedBias: true,
		}),
		rename(tensor) {
			if (BUFFERS.test(tensor)) return undefined;
			const whole = tensor.startsWith(m.prefix) || tensor.startsWith(`${m.unembedding}.`);
			return whole ? tensor : first + tensor;
		},
		...(gguf && { gguf: gptGguf(m, gguf) }),
		embed: (t, c, inputs) => embed(t, m, c, inputs),
		block: (t, c, layer, resid, inputs) => block(t, m, c, layer, resid, inputs),
		unembed: (t, c, resid) => unembed(t, m, c, resid),
	};
}
