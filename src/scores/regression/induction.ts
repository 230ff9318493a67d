import { attentionScore } from "../attention-score.js";
import { afterLastToken } from "../induction.js";

/**
 * Attention from the last x, which has come before, to the y that stood behind it: in x_0 y_0 .. x_(N-1)
 * y_(N-1) x_i score = A[last, y_i]. This is the `induction` of language models with numbers as tokens; its
 * control has a fresh x at the end.
 */
export const induction = attentionScore({
	name: "induction",
	doc: "attention from an x that comes again to the y that followed it",
	samples: "recall",
	control: true,
	entries: afterLastToken,
});
