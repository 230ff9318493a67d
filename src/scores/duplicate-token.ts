import { attentionScore, diagonal, type Entry, periodOf } from "./attention-score.js";
import { earlierOccurrences, type Row } from "./row.js";

/** Every token that has occurred before, and where. */
export function earlierEqualTokens({ tokens }: Row): Entry[] {
	return earlierOccurrences(tokens).flatMap((before, query) => before.map((key) => ({ query, key })));
}

const shared = { name: "duplicate-token", samples: "repeat", control: true } as const;

/**
 * Attention to earlier occurrences of the current token: the mean, over the queries q whose token occurs
 * earlier, of the sum of A[q, j] over j < q with t_j = t_q. Source: the duplicate token heads of Wang et
 * al. 2022 ("Interpretability in the Wild").
 *
 * Modes for repeated rows, as in `induction-repeat`: `tl-compatible` (the whole diagonal at offset n) and
 * `second-copy` (that diagonal in the second copy alone).
 */
export const duplicateToken = attentionScore({
	...shared,
	doc: "attention to earlier occurrences of the current token",
	entries: earlierEqualTokens,
	modes: {
		"tl-compatible": attentionScore({
			...shared,
			name: "duplicate-token:tl-compatible",
			doc: "mean of the diagonal at offset n, boundary entries included",
			entries: (row) => diagonal(row, periodOf(shared.name, row)),
		}),
		"second-copy": attentionScore({
			...shared,
			name: "duplicate-token:second-copy",
			doc: "mean of the diagonal at offset n in the second copy",
			entries: (row) => {
				const n = periodOf(shared.name, row);
				return diagonal(row, n, n + (row.bos ? 1 : 0));
			},
		}),
	},
});
