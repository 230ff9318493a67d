import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { Tensor } from "../tensor/index.js";
import { FactoredMatrix } from "./factored-matrix.js";
import { type CircuitOptions, findHead, HeadMatrices } from "./head-matrices.js";

/**
 * What a head moves (Elhage et al. 2021): W_OV = W_V W_O [d_model, d_model], from the stream at a key to the stream at
 * the query. Biases are left out.
 * @param head "5.1" or "L5H1"
 * @throws {InterventionError} for a head that the model lacks, with the nearest
 */
export function ovCircuit(model: Model, head: string, options: CircuitOptions = {}): Promise<FactoredMatrix> {
	return circuit(model, head, options, (m, layer, one) => [
		one(m.reading(layer, "V")),
		one(m.writing(layer)),
	]);
}

/**
 * What a head attends to (Elhage et al. 2021): W_QK = W_Q W_K' [d_model, d_model]; a score is x_query W_QK x_key' /
 * sqrt(d_head). Rotary positions are left out, as at equal positions, and biases are.
 * @throws {InterventionError} for a head that the model lacks, with the nearest
 */
export function qkCircuit(model: Model, head: string, options: CircuitOptions = {}): Promise<FactoredMatrix> {
	return circuit(model, head, options, (m, layer, one, g) => [
		one(m.reading(layer, "Q")),
		g.transpose(one(m.reading(layer, "K")), [1, 0]),
	]);
}

/**
 * From the token that is attended to, to the logits that it raises: W_E W_V W_O W_U [vocab, vocab]. Row t is what the
 * head adds to all logits per attention to token t, up to the norms' scales.
 * @throws {InterventionError} for a head that the model lacks, with the nearest
 */
export function fullOvCircuit(
	model: Model,
	head: string,
	options: CircuitOptions = {},
): Promise<FactoredMatrix> {
	return circuit(model, head, options, (m, layer, one, g) => [
		g.matmul(m.embedding(), one(m.reading(layer, "V"))),
		g.matmul(one(m.writing(layer)), m.unembedding()),
	]);
}

/**
 * From a token at the query and one at the key to the attention score, times sqrt(d_head) and up to the norm's scale:
 * W_E W_Q W_K' W_E' [vocab, vocab].
 * @throws {InterventionError} for a head that the model lacks, with the nearest
 */
export function fullQkCircuit(
	model: Model,
	head: string,
	options: CircuitOptions = {},
): Promise<FactoredMatrix> {
	return circuit(model, head, options, (m, layer, one, g) => {
		const side = (which: "Q" | "K"): Value => g.matmul(m.embedding(), one(m.reading(layer, which)));
		return [side("Q"), g.transpose(side("K"), [1, 0])];
	});
}

type Factors = (
	matrices: HeadMatrices,
	layer: number,
	one: (heads: Value) => Value,
	g: ConstructorParameters<typeof HeadMatrices>[2],
) => readonly [Value, Value];

async function circuit(
	model: Model,
	name: string,
	{ fold = true }: CircuitOptions,
	factors: Factors,
): Promise<FactoredMatrix> {
	const { layer, head } = findHead(model, name);
	const found = await model.compute((g) => {
		const matrices = new HeadMatrices(model, fold, g);
		const [left, right] = factors(matrices, layer, (heads) => matrices.one(heads, head), g);
		return { left, right };
	});
	return new FactoredMatrix(found.get("left") as Tensor, found.get("right") as Tensor);
}
