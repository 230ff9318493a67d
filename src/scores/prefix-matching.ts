import { attentionScore } from "./attention-score.js";
import { afterEarlierOccurrences } from "./induction-repeat.js";

/**
 * Prefix matching of Olsson et al. 2022 ("In-context Learning and Induction Heads", head activation
 * evaluators): 25 random tokens, four times; the mean over the tokens of the later repeats of the attention to
 * the tokens that followed the same token in all earlier repeats. Where the paper describes the evaluator it
 * speaks of tokens that preceded; everywhere else, and in every implementation, they are those that followed.
 */
export const prefixMatching = attentionScore({
	name: "prefix-matching",
	doc: "attention to what followed the current token in earlier repeats (Olsson et al., 4 repeats)",
	samples: "repeat-4",
	control: true,
	entries: afterEarlierOccurrences,
});
