import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import { ScoreError } from "./row.js";
import type { UnembeddingRows } from "./score.js";

/**
 * Reads what turns a residual stream into logits: for token ids, the vectors v with
 * logit = v . x / scale (+ a constant), the final norm's weight and its centring folded in.
 */
export async function readUnembedding(model: Model): Promise<UnembeddingRows> {
	const { vocab, dModel } = model.config;
	const stored = (name: string): Promise<Tensor<"float32">> => {
		const usual = model.usualWeights().get(name);
		if (!usual)
			throw new ScoreError(`${model.name}: has no "${name}", which the score reads heads' results through`);
		return model.weight(usual.stored.name);
	};
	// stored [vocab, d_model], as every family's is
	const [matrix, gain] = await Promise.all([stored("unembed.W_U"), stored("ln_final.w")]);
	const centred = model.family.norm === "layer";
	return (ids) => {
		const out = Tensor.zeros([ids.length, dModel]);
		for (const [i, id] of ids.entries()) {
			if (!(id >= 0 && id < vocab)) throw new ScoreError(`token id ${id}, allowed 0..${vocab - 1}`);
			const row = out.data.subarray(i * dModel, (i + 1) * dModel);
			row.set(matrix.data.subarray(id * dModel, (id + 1) * dModel));
			for (let d = 0; d < dModel; d++) row[d] = (row[d] as number) * (gain.data[d] as number);
			const mean = centred ? row.reduce((a, b) => a + b, 0) / dModel : 0;
			for (let d = 0; d < dModel; d++) row[d] = (row[d] as number) - mean;
		}
		return out;
	};
}
