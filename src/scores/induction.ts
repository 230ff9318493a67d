import { attentionScore, type Entry } from "./attention-score.js";
import { earlierOccurrences, type Row } from "./row.js";

/** The last token, and what followed its earlier occurrences. */
export function afterLastToken({ tokens }: Row): Entry[] {
	const query = tokens.length - 1;
	return (earlierOccurrences(tokens)[query] ?? []).map((before) => ({ query, key: before + 1 }));
}

/**
 * Attention from the last token to what followed its earlier occurrence: in `A B X_1..X_N A`
 * score = A[last, b], summed over all earlier occurrences where given tokens have several.
 * Source: the definition of an induction head in Elhage et al. 2021 ("A Mathematical Framework for
 * Transformer Circuits"), read off at one position.
 */
export const induction = attentionScore({
	name: "induction",
	doc: "attention from the last A to B in A B X..A",
	samples: "abxa",
	control: true,
	entries: afterLastToken,
});
