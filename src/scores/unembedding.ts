import type { Model } from "../models/model.js";
import type { UsualWeight } from "../models/weight-layout.js";
import { Tensor } from "../tensor/index.js";
import { ScoreError } from "./row.js";
import type { UnembeddingRows } from "./score.js";

/**
 * Reads what turns a residual stream into logits: for token ids, the vectors v with
 * logit = v . x / scale (+ a constant), the final norm's weight and its centring folded in.
 */
export async function readUnembedding(model: Model): Promise<UnembeddingRows> {
	const { vocab, dModel } = model.config;
	const known = (name: string): UsualWeight => {
		const usual = model.usualWeights().get(name);
		if (usual) return usual;
		throw new ScoreError(`${model.name}: has no "${name}", which the score reads heads' results through`);
	};
	const unembedding = known("unembed.W_U");
	const matrix = await model.weight(unembedding.stored.name);
	// of a token: where its vector begins, and how far apart its entries are
	const [next, step] = unembedding.apart[0]?.axis === "vocab" ? [dModel, 1] : [1, vocab];
	const gain = model.usualWeights().has("ln_final.w") ? await model.matrix("ln_final.w") : undefined;
	const { centred } = model;
	return (ids) => {
		const out = Tensor.zeros([ids.length, dModel]);
		for (const [i, id] of ids.entries()) {
			if (!(id >= 0 && id < vocab)) throw new ScoreError(`token id ${id}, allowed 0..${vocab - 1}`);
			const row = out.data.subarray(i * dModel, (i + 1) * dModel);
			for (let d = 0; d < dModel; d++) {
				row[d] = (matrix.data[id * next + d * step] as number) * (gain?.data[d] ?? 1);
			}
			const mean = centred ? row.reduce((a, b) => a + b, 0) / dModel : 0;
			for (let d = 0; d < dModel; d++) row[d] = (row[d] as number) - mean;
		}
		return out;
	};
}
