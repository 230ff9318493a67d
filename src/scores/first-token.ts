import { attentionScore } from "./attention-score.js";

/**
 * Attention to the first token, the sink that most heads rest on: the mean of A[q, 0] over q >= 1, since the
 * first token can attend to nothing else. Source: ARENA's first-attention detector, which counts q = 0 too.
 */
export const firstToken = attentionScore({
	name: "first-token",
	doc: "attention to the first token",
	samples: "repeat",
	entries: ({ tokens }) => tokens.slice(1).map((_, i) => ({ query: i + 1, key: 0 })),
});
