import type { Tensor } from "../tensor/index.js";

/** What `getAttention` needs of a model: a regression transformer, as it is or with patches. */
export interface AttentionModel {
	readonly config: { readonly nLayers: number };
	runWithCache(
		xs: Tensor,
		ys: Tensor,
		options: { names: readonly string[] },
	): Promise<{ cache: { get(name: string): Tensor } }>;
}

/**
 * The attention patterns of a run: for each block the output of its softmax, [batch, head, query, key].
 * @param xs [batch, example, task_size]
 * @param ys [batch, example, 1]
 */
export async function getAttention(model: AttentionModel, xs: Tensor, ys: Tensor): Promise<Tensor[]> {
	const names = Array.from(
		{ length: model.config.nLayers },
		(_, layer) => `token_sequence_transformer.blocks.${layer}.attention.attention_softmax`,
	);
	const { cache } = await model.runWithCache(xs, ys, { names });
	return names.map((name) => cache.get(name));
}
