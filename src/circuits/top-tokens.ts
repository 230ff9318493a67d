import type { Value } from "../graph/value.js";
import { answerIds } from "../metrics/answers.js";
import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { type CircuitOptions, findHead, HeadMatrices } from "./head-matrices.js";

/** How the matrices are taken, and how many tokens are told. */
export interface TopTokensOptions extends CircuitOptions {
	/** How many tokens. Default 10. */
	readonly top?: number;
}

/** The tokens that stand out for one. */
export interface TopTokens {
	/** The token asked about. */
	readonly id: number;
	/** Best first, with the circuit's entry. */
	readonly top: readonly { readonly id: number; readonly value: number }[];
}

/**
 * The tokens whose logits a head raises most where it attends to a token: the largest entries of its row in the full
 * OV circuit.
 * @param tokens as text or ids
 * @throws {InterventionError} for a head that the model lacks, {MetricError} for a text of several tokens
 */
export function promotedTokens(
	model: Model,
	head: string,
	tokens: readonly (string | number)[],
	options: TopTokensOptions = {},
): Promise<TopTokens[]> {
	return topOf(model, head, tokens, options, (m, layer, g, rows, one) => {
		const moved = g.matmul(g.matmul(rows, one(m.reading(layer, "V"))), one(m.writing(layer)));
		return g.matmul(moved, m.unembedding());
	});
}

/**
 * The tokens that a head attends to most from a token: the largest entries of its row in the full QK circuit, divided by
 * sqrt(d_head). Positions and biases are left out.
 * @throws {InterventionError} for a head that the model lacks, {MetricError} for a text of several tokens
 */
export function attendedTokens(
	model: Model,
	head: string,
	tokens: readonly (string | number)[],
	options: TopTokensOptions = {},
): Promise<TopTokens[]> {
	return topOf(model, head, tokens, options, (m, layer, g, rows, one) => {
		const queries = g.matmul(rows, one(m.reading(layer, "Q")));
		const keys = g.matmul(m.embedding(), one(m.reading(layer, "K"))); // [vocab, d_head]
		return g.matmul(queries, keys, { transposeB: true, alpha: model.config.dHead ** -0.5 });
	});
}

async function topOf(
	model: Model,
	name: string,
	tokens: readonly (string | number)[],
	{ top = 10, fold = true }: TopTokensOptions,
	row: (
		matrices: HeadMatrices,
		layer: number,
		g: ConstructorParameters<typeof HeadMatrices>[2],
		rows: Value,
		one: (heads: Value) => Value,
	) => Value,
): Promise<TopTokens[]> {
	const { vocab } = model.config;
	if (!Number.isInteger(top) || top < 1 || top > vocab)
		reject("top", `got ${top}, allowed whole numbers 1..${vocab}`);
	if (tokens.length === 0) reject("tokens", "the list is empty");
	const { layer, head } = findHead(model, name);
	const ids = answerIds(model, [...tokens], tokens.length, "tokens");
	const found = await model.compute(
		(g) => {
			const matrices = new HeadMatrices(model, fold, g);
			const rows = g.gather(matrices.embedding(), g.input("tokens", "int32", [ids.length]));
			const entries = row(matrices, layer, g, rows, (heads) => matrices.one(heads, head)); // [token, vocab]
			const { values, indices } = g.topK(entries, top);
			return { values, indices };
		},
		{ tokens: Tensor.from(ids, "int32") },
	);
	const [values, indices] = [found.get("values") as Tensor, found.get("indices") as Tensor];
	return ids.map((id, i) => ({
		id,
		top: Array.from({ length: top }, (_, k) => ({ id: indices.at(i, k), value: values.at(i, k) })),
	}));
}
