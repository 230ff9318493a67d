/** Small language models with random weights and every option that changes how the stream adds up. */
import fc from "fast-check";
import type { Model } from "../src/index.js";
import type { Dimensions, Family } from "../src/models/family.js";
import { Model as ModelOf } from "../src/models/model.js";
import { FAMILIES } from "../src/models/registry.js";
import type { Engine } from "../src/runtime/index.js";
import { Random, Tensor } from "../src/tensor/index.js";

export interface RandomModel {
	readonly family: "gpt2" | "llama";
	readonly config: Readonly<Record<string, unknown>>;
	readonly seed: number;
}

const VOCAB = 23;

/** Sizes and options; the weights follow from the seed. */
export const randomModels: fc.Arbitrary<RandomModel> = fc
	.record({
		family: fc.constantFrom("gpt2" as const, "llama" as const),
		layers: fc.integer({ min: 1, max: 3 }),
		kvHeads: fc.integer({ min: 1, max: 2 }),
		groups: fc.integer({ min: 1, max: 3 }),
		dHead: fc.constantFrom(2, 4),
		dMlp: fc.integer({ min: 3, max: 9 }),
		tied: fc.boolean(),
		bias: fc.boolean(),
		seed: fc.integer({ min: 0, max: 2 ** 31 }),
	})
	.map(({ family, layers, kvHeads, groups, dHead, dMlp, tied, bias, seed }) => {
		const heads = kvHeads * groups;
		const gpt2 = {
			n_embd: heads * dHead,
			n_layer: layers,
			n_head: heads,
			n_positions: 12,
			vocab_size: VOCAB,
			n_inner: dMlp,
			tie_word_embeddings: tied,
		};
		const llama = {
			// a width of its own: heads need not fill it
			hidden_size: 10,
			head_dim: dHead,
			num_hidden_layers: layers,
			num_attention_heads: heads,
			num_key_value_heads: kvHeads,
			max_position_embeddings: 12,
			vocab_size: VOCAB,
			intermediate_size: dMlp,
			tie_word_embeddings: tied,
			attention_bias: bias,
			mlp_bias: bias,
		};
		return { family, config: family === "gpt2" ? gpt2 : llama, seed };
	});

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
	const family = FAMILIES.find((one) => one.name === name) as Family;
	const config: Dimensions = family.parseConfig(raw);
	const random = new Random(seed);
	const weights = family.weights(config).map(({ name, shape }) => {
		const tensor = Tensor.zeros(shape);
		// norms near 1, all else wide enough that attention is uneven; no bias is 0
		const gain = shape.length === 1 && /(ln_|norm).*weight$/.test(name);
		for (let i = 0; i < tensor.size; i++) tensor.data[i] = (gain ? 1 : 0) + 0.5 * random.normal();
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
