import { attentionScore } from "./attention-score.js";

/**
 * How far back a head attends, in tokens: the mean over queries of the sum of A[q, k] (q - k). Source: the
 * mean of |q - k| in Neuronpedia's head metrics (HeadVis).
 */
export const distance = attentionScore({
	name: "distance",
	doc: "mean distance back to what is attended to, in tokens",
	samples: "repeat",
	range: [0, Number.POSITIVE_INFINITY],
	entries: ({ tokens }) =>
		tokens.flatMap((_, query) =>
			Array.from({ length: query + 1 }, (__, key) => ({ query, key, weight: query - key })),
		),
});
