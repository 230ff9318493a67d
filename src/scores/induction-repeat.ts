import { attentionScore, diagonal, type Entry, periodOf } from "./attention-score.js";
import { earlierOccurrences, type Row } from "./row.js";

const shared = {
	name: "induction-repeat",
	samples: "repeat",
	control: true,
} as const;

/** For every token with earlier occurrences at j: the positions j + 1. */
export function afterEarlierOccurrences({ tokens }: Row): Entry[] {
	return earlierOccurrences(tokens).flatMap((before, query) =>
		before.map((position) => ({ query, key: position + 1 })),
	);
}

/**
 * Attention to the token after an earlier occurrence of the current token: the mean, over the queries q whose
 * token occurs earlier, of the sum of A[q, j + 1] over j < q with t_j = t_q. Right for any tokens; j + 1 may
 * be q itself where a token stands twice in a row. Source: the induction stripe of TransformerLens' main demo
 * and the induction head of its detector, by tokens instead of by offset.
 *
 * Modes for rows `[bos] r_1..r_n r_1..r_n`: `tl-compatible` is the mean of TransformerLens' whole diagonal
 * A[q, q - (n - 1)], of which one entry (with a BOS two, one of them on the BOS) lies before the second copy
 * and is no induction; `second-copy` is the same diagonal in the second copy alone.
 */
export const inductionRepeat = attentionScore({
	...shared,
	doc: "attention to the token after an earlier occurrence of the current token",
	entries: afterEarlierOccurrences,
	modes: {
		"tl-compatible": attentionScore({
			...shared,
			name: "induction-repeat:tl-compatible",
			doc: "mean of the diagonal at offset n - 1, boundary entries included",
			entries: (row) => diagonal(row, periodOf(shared.name, row) - 1),
		}),
		"second-copy": attentionScore({
			...shared,
			name: "induction-repeat:second-copy",
			doc: "mean of the diagonal at offset n - 1 in the second copy",
			entries: (row) => {
				const n = periodOf(shared.name, row);
				return diagonal(row, n - 1, n + (row.bos ? 1 : 0));
			},
		}),
	},
});
