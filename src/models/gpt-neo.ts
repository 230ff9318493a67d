import * as z from "zod/mini";
import { activation, count, layerCount, positive, readSizes } from "./config-schema.js";
import { ModelError } from "./family.js";
import { gptDefaults } from "./gpt/config.js";
import { gptLike } from "./gpt/gpt.js";

const kind = z.enum(["global", "local"]);

/** GPT-Neo (Black et al. 2021): scores are not scaled, and in layers called "local" a query sees a window of keys. */
export const gptNeo = gptLike({
	name: "gpt_neo",
	doc: "GPT-Neo, TinyStories: learned positions, LayerNorm, unscaled scores, global and local attention",
	keys: {
		hidden_size: count,
		num_layers: layerCount,
		num_heads: count,
		intermediate_size: z.nullish(count),
		vocab_size: count,
		max_position_embeddings: z._default(count, 2048),
		window_size: z._default(count, 256),
		attention_types: z.nullish(z.array(z.tuple([z.array(kind), count.check(z.maximum(1000))]))),
		attention_layers: z.nullish(z.array(kind)),
		layer_norm_epsilon: z._default(positive, 1e-5),
		activation_function: z._default(activation, "gelu_new"),
		tie_word_embeddings: z._default(z.boolean(), true),
	},
	read: (c) => {
		const sizes = readSizes("gpt_neo", {
			layers: c.num_layers,
			heads: c.num_heads,
			width: c.hidden_size,
			mlp: c.intermediate_size,
			vocab: c.vocab_size,
			context: c.max_position_embeddings,
		});
		const kinds = layerKinds(c.num_layers, c.attention_layers, c.attention_types);
		return {
			...gptDefaults(sizes),
			eps: c.layer_norm_epsilon,
			activation: c.activation_function,
			tied: c.tie_word_embeddings,
			qkvBias: false,
			scale: 1,
			windows: kinds.map((one) => (one === "local" ? c.window_size : undefined)),
		};
	},
	modules: {
		prefix: "transformer.",
		embedding: "wte",
		positions: "wpe",
		blocks: "h",
		ln1: "ln_1",
		ln2: "ln_2",
		q: "attn.attention.q_proj",
		k: "attn.attention.k_proj",
		v: "attn.attention.v_proj",
		o: "attn.attention.out_proj",
		up: "mlp.c_fc",
		down: "mlp.c_proj",
		finalNorm: "ln_f",
		unembedding: "lm_head",
	},
});

type Kinds = readonly z.output<typeof kind>[];

/** The kind of each layer, by the list of layers or by `attention_types`, whose kinds are repeated; by default both in turn. */
function layerKinds(
	nLayers: number,
	layers: Kinds | null | undefined,
	types: readonly (readonly [Kinds, number])[] | null | undefined,
): Kinds {
	// counted first: a few megabytes can ask for thousands of millions
	const repeated = types?.reduce((sum, [kinds, times]) => sum + kinds.length * times, 0);
	const named = layers?.length ?? repeated ?? nLayers;
	if (named !== nLayers) {
		const key = layers ? "attention_layers" : "attention_types";
		throw new ModelError(`config.json (gpt_neo): ${key} names ${named} layers, but num_layers is ${nLayers}`);
	}
	const given = layers ?? types?.flatMap(([kinds, times]) => Array<Kinds>(times).fill(kinds).flat());
	return given ?? Array.from({ length: nLayers }, (_, l) => (l % 2 ? "local" : "global"));
}
