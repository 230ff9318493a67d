import { Random, Tensor } from "../../src/tensor/index.js";

export const NINE_WORDS = [
	"<bos>",
	"The",
	" cat",
	" sat",
	".\n",
	"The",
	" cat",
	"\tsat",
	" extraordinarily-long",
];

/** Random causal attention [query, key] with a sink at the first key; each row sums to 1. */
export function causal(queries: number, keys: number, seed = 0): Tensor<"float32"> {
	const random = new Random(seed);
	const data = new Float32Array(queries * keys);
	for (let query = 0; query < queries; query++) {
		const seen = Math.min(keys, query + 1);
		const row = Array.from({ length: seen }, (_, key) => random.uniform() ** 6 + (key === 0 ? 1.5 : 0));
		const sum = row.reduce((a, b) => a + b, 0);
		data.set(
			row.map((value) => value / sum),
			query * keys,
		);
	}
	return new Tensor("float32", [queries, keys], data, ["query", "key"]);
}
