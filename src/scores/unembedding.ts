import { graphOf } from "../graph/graph.js";
import { input } from "../graph/ops/index.js";
import { Trace } from "../graph/trace.js";
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
	const names = finalWeights(model);
	const [matrix, gain] = await Promise.all([model.weight(names.matrix), model.weight(names.gain)]);
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

/** The names of the unembedding [vocab, d_model] and of the final norm's weight: what `unembed` reads. */
function finalWeights({ family, config, name }: Model): { matrix: string; gain: string } {
	const resid = input("resid", "float32", ["batch", "pos", config.dModel]);
	const logits = family.unembed(new Trace(), config, resid);
	const weights = graphOf(new Map([["logits", logits]])).inputs.filter(
		(v) => v.node.attributes.role === "weight",
	);
	const find = (shape: readonly number[]): string | undefined =>
		weights
			.filter((v) => v.shape.join() === shape.join())
			.map((v) => v.node.attributes.name as string)
			.find((weight) => weight.endsWith(".weight"));
	const [matrix, gain] = [find([config.vocab, config.dModel]), find([config.dModel])];
	if (matrix === undefined || gain === undefined) {
		throw new ScoreError(
			`${name}: the unembedding of family ${family.name} is not of a form that is understood`,
		);
	}
	return { matrix, gain };
}
