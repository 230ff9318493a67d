import { attentionScore } from "../attention-score.js";

/**
 * Attention from each y to its own x: the mean of A[y_k, x_k]. A head that does so can put x_k where y_k stands,
 * for a later layer to look up; from x to the y before, which belongs to another example, nothing counts.
 */
export const previousToken = attentionScore({
	name: "previous-token",
	doc: "attention from each y to its x, the token before",
	samples: "recall",
	entries: ({ tokens }) =>
		Array.from({ length: Math.floor(tokens.length / 2) }, (_, k) => ({ query: 2 * k + 1, key: 2 * k })),
});
