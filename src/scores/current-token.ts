import { attentionScore, diagonal } from "./attention-score.js";

/** Attention to the current token: the mean of A[q, q]. Source: ARENA's current-attention detector. */
export const currentToken = attentionScore({
	name: "current-token",
	doc: "attention to the current token itself",
	samples: "repeat",
	entries: (row) => diagonal(row, 0),
});
