import type { Model } from "../models/model.js";
import type { Tensor } from "../tensor/index.js";
import { eigenvaluesOf, toMatrix } from "./factored-matrix.js";
import { type CircuitOptions, HeadMatrices } from "./head-matrices.js";

/**
 * How far a head copies: sum(lambda) / sum(|lambda|) over the eigenvalues of its full OV circuit W_E W_V W_O W_U
 * (Elhage et al. 2021, "Summarizing OV/QK matrices"), from -1 to 1. Near 1, tokens raise their own logit, or sets of
 * tokens each other's. The nonzero eigenvalues are those of W_O (W_U W_E) W_V, which is [d_head, d_head].
 * @returns [layer][head]
 */
export async function copyingEigenvalues(
	model: Model,
	{ fold = true }: CircuitOptions = {},
): Promise<number[][]> {
	const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
	const found = await model.compute((g) => {
		const matrices = new HeadMatrices(model, fold, g);
		const around = g.matmul(matrices.unembedding(), matrices.embedding()); // [d_model, d_model]
		return Object.fromEntries(
			layers.map((layer) => {
				const moved = g.matmul(g.matmul(matrices.writing(layer), around), matrices.reading(layer, "V"));
				return [String(layer), moved]; // [head, d_head, d_head]
			}),
		);
	});
	return layers.map((layer) => {
		const heads = found.get(String(layer)) as Tensor;
		return Array.from({ length: model.config.nHeads }, (_, head) => {
			const lambdas = eigenvaluesOf(toMatrix(heads.select(head)));
			const sizes = lambdas.reduce((sum, { re, im }) => sum + Math.hypot(re, im), 0);
			// a head that writes nothing copies nothing
			return sizes === 0 ? 0 : lambdas.reduce((sum, { re }) => sum + re, 0) / sizes;
		});
	});
}
