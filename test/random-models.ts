/** Small language models with random weights and every option that changes how the stream adds up. */
import fc from "fast-check";
import type { Model } from "../src/index.js";
import type { Dimensions } from "../src/models/family.js";
import { Model as ModelOf } from "../src/models/model.js";
import { FAMILIES, type FamilyEntry } from "../src/models/registry.js";
import type { Engine } from "../src/runtime/index.js";
import { Random, Tensor } from "../src/tensor/index.js";

export interface RandomModel {
	/** Its name in the registry. */
	readonly family: string;
	readonly config: Readonly<Record<string, unknown>>;
	readonly seed: number;
}

const VOCAB = 23;

/** What is drawn for a model. */
interface Options {
	readonly layers: number;
	readonly kvHeads: number;
	readonly groups: number;
	readonly dHead: number;
	readonly dMlp: number;
	readonly tied: boolean;
	readonly bias: boolean;
}

const gpt2 = ({ layers, kvHeads, groups, dHead, dMlp, tied }: Options): object => ({
	n_embd: kvHeads * groups * dHead,
	n_layer: layers,
	n_head: kvHeads * groups,
	n_positions: 12,
	vocab_size: VOCAB,
	n_inner: dMlp,
	tie_word_embeddings: tied,
});

/** What all decoders after Llama have. */
const decoder = ({ layers, kvHeads, groups, dHead, dMlp, tied }: Options): object => ({
	// a width of its own: heads need not fill it
	hidden_size: 10,
	head_dim: dHead,
	num_hidden_layers: layers,
	num_attention_heads: kvHeads * groups,
	num_key_value_heads: kvHeads,
	max_position_embeddings: 12,
	vocab_size: VOCAB,
	intermediate_size: dMlp,
	tie_word_embeddings: tied,
});

const biased = (options: Options): object => ({ ...decoder(options), attention_bias: options.bias });
const sliding = { sliding_window: 3 };

/** What GPT-NeoX and Phi have. */
const neox = ({ layers, kvHeads, groups, dHead, dMlp, tied }: Options): object => ({
	hidden_size: kvHeads * groups * dHead,
	intermediate_size: dMlp,
	num_hidden_layers: layers,
	num_attention_heads: kvHeads * groups,
	max_position_embeddings: 12,
	vocab_size: VOCAB,
	tie_word_embeddings: tied,
});

const gptj = ({ dHead, ...o }: Options): object => ({ ...gpt2({ dHead, ...o }), rotary_dim: 2 });

const gptNeo = ({ layers, kvHeads, groups, dHead, dMlp, tied }: Options): object => ({
	hidden_size: kvHeads * groups * dHead,
	num_layers: layers,
	num_heads: kvHeads * groups,
	intermediate_size: dMlp,
	max_position_embeddings: 12,
	window_size: 2,
	vocab_size: VOCAB,
	tie_word_embeddings: tied,
});

const opt = ({ layers, kvHeads, groups, dHead, dMlp, tied, bias }: Options): object => ({
	hidden_size: kvHeads * groups * dHead,
	num_hidden_layers: layers,
	num_attention_heads: kvHeads * groups,
	ffn_dim: dMlp,
	max_position_embeddings: 12,
	vocab_size: VOCAB,
	tie_word_embeddings: tied,
	enable_bias: bias,
});

/** TransformerLens' own: with and without MLPs, of all kinds of norms and positions. */
const hooked = ({ layers, kvHeads, groups, dHead, dMlp, tied, bias }: Options): object => ({
	n_layers: layers,
	d_model: 10,
	d_head: dHead,
	n_heads: kvHeads * groups,
	n_ctx: 12,
	d_vocab: VOCAB,
	...(bias ? { attn_only: true } : { d_mlp: dMlp, act_fn: "gelu", parallel_attn_mlp: groups === 2 }),
	normalization_type: bias ? (tied ? "LNPre" : null) : "LN",
	positional_embedding_type: bias && groups !== 2 ? "shortformer" : "standard",
});

/** The configuration of each family that has keys of its own. */
const CONFIGS: Readonly<Record<string, (options: Options) => object>> = {
	gpt2,
	llama: (o) => ({ ...biased(o), mlp_bias: o.bias }),
	qwen2: (o) => ({ ...decoder(o), ...sliding, use_sliding_window: o.bias, max_window_layers: 1 }),
	qwen3: biased,
	mistral: (o) => ({ ...decoder(o), ...sliding }),
	gemma: biased,
	gemma2: (o) => ({
		...biased(o),
		...sliding,
		query_pre_attn_scalar: 6,
		attn_logit_softcapping: 4,
		final_logit_softcapping: 20,
	}),
	gemma3_text: (o) => ({ ...biased(o), ...sliding, query_pre_attn_scalar: 6, sliding_window_pattern: 2 }),
	phi3: (o) => ({ ...decoder(o), ...sliding, partial_rotary_factor: o.bias && o.dHead === 4 ? 0.5 : 1 }),
	olmo2: biased,
	smollm3: (o) => ({ ...biased(o), mlp_bias: o.bias, no_rope_layer_interval: 2 }),
	gpt_neox: (o) => ({
		...neox(o),
		rotary_pct: o.dHead === 4 ? 0.5 : 1,
		use_parallel_residual: o.bias,
		attention_bias: o.groups !== 2,
	}),
	gptj,
	gpt_neo: gptNeo,
	opt,
	phi: (o) => ({
		...neox(o),
		num_key_value_heads: o.kvHeads,
		partial_rotary_factor: o.dHead === 4 ? 0.5 : 1,
	}),
	hooked_transformer: hooked,
};

/** Every family of the registry: one without a configuration above has what all decoders have, and no keys of its own. */
export const RANDOM_FAMILIES: readonly string[] = FAMILIES.map(({ name }) => name);

/** Sizes and options of some families' models; the weights follow from the seed. Default all families. */
export function randomModelsOf(families: readonly string[] = RANDOM_FAMILIES): fc.Arbitrary<RandomModel> {
	return (
		fc
			.record({
				family: fc.constantFrom(...families),
				layers: fc.integer({ min: 1, max: 3 }),
				kvHeads: fc.integer({ min: 1, max: 2 }),
				groups: fc.integer({ min: 1, max: 3 }),
				dHead: fc.constantFrom(2, 4),
				dMlp: fc.integer({ min: 3, max: 9 }),
				tied: fc.boolean(),
				bias: fc.boolean(),
				seed: fc.integer({ min: 0, max: 2 ** 31 }),
			})
			// a LayerNorm of two channels gives but two vectors, and turns on the last bits
			.filter(({ kvHeads, groups, dHead }) => kvHeads * groups * dHead > 2)
			.map(({ family, seed, ...options }) => ({
				family,
				config: (CONFIGS[family] ?? decoder)(options) as RandomModel["config"],
				seed,
			}))
	);
}

/** The same of all families. */
export const randomModels: fc.Arbitrary<RandomModel> = randomModelsOf();

/** Whether a model's blocks are attention and then an MLP, so that there is a stream between both. */
export function hasTwoSteps({ family, config }: RandomModel): boolean {
	const { use_parallel_residual: beside, parallel_attn_mlp: also, attn_only: alone } = config;
	return family !== "gptj" && family !== "phi" && !beside && !also && !alone;
}

/** Rows of token ids for such a model. */
export const randomRows: fc.Arbitrary<number[][]> = fc
	.record({ batch: fc.integer({ min: 1, max: 3 }), pos: fc.integer({ min: 2, max: 7 }) })
	.chain(({ batch, pos }) =>
		fc.array(fc.array(fc.integer({ min: 0, max: VOCAB - 1 }), { minLength: pos, maxLength: pos }), {
			minLength: batch,
			maxLength: batch,
		}),
	);

/** The model, in an engine that it leaves running. */
export async function makeModel(
	{ family: name, config: raw, seed }: RandomModel,
	engine: Engine,
): Promise<Model> {
	const family = await (FAMILIES.find((one) => one.name === name) as FamilyEntry).load();
	const config: Dimensions = family.parseConfig(raw);
	const random = new Random(seed);
	const one = family.initialGain?.(config) ?? 1;
	const weights = family.weights(config).map(({ name, shape }) => {
		const tensor = Tensor.zeros(shape);
		// norms multiply by about 1, all else wide enough that attention is uneven; no bias is 0
		const gain = shape.length === 1 && /(ln_|norm).*weight$|\bln\w+\.w$/.test(name);
		for (let i = 0; i < tensor.size; i++) tensor.data[i] = (gain ? one : 0) + 0.5 * random.normal();
		return [name, tensor] as const;
	});
	return new ModelOf(
		"random",
		family,
		config,
		undefined,
		engine,
		await engine.putWeights(new Map(weights)),
		false,
	);
}
