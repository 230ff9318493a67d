import { attentionScore, diagonal } from "./attention-score.js";

/**
 * Attention to the token before: the mean of A[q, q - 1] over q >= 1. Source: Olsson et al. 2022, who take it
 * on natural text; ARENA's and TransformerLens' detectors take the same diagonal.
 */
export const previousToken = attentionScore({
	name: "previous-token",
	doc: "attention to the token before",
	samples: "repeat",
	entries: (row) => diagonal(row, 1),
});
