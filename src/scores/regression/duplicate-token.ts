import { attentionScore } from "../attention-score.js";
import { earlierEqualTokens } from "../duplicate-token.js";

/**
 * Attention from the last x, which has come before, to where it did: score = A[last, x_i], and a fresh x in the
 * control. The duplicate token heads of Wang et al. 2022 ("Interpretability in the Wild"), on examples.
 */
export const duplicateToken = attentionScore({
	name: "duplicate-token",
	doc: "attention from an x that comes again to where it came first",
	samples: "recall",
	control: true,
	entries: earlierEqualTokens,
});
