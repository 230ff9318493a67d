import { TokenizerError } from "./tokenizer-error.js";

/** Longer pieces would make the list of ways to split them long; real ones have tens of characters. */
const MAX_PIECE = 512;

/**
 * The merges of a SentencePiece BPE vocabulary, which stores scores instead: SentencePiece always joins the
 * two neighbours whose union has the highest score. Every way of splitting a piece into two pieces is thus a
 * merge, and merges are ranked by the score of their union (then by their parts' ids, where SentencePiece goes
 * by the position in the text).
 */
export function sentencePieceMerges(
	pieces: readonly string[],
	scores: readonly number[],
	/** Whether piece i can be joined with others: special and byte pieces cannot. */
	joins: (index: number) => boolean,
): [string, string][] {
	const ids = new Map<string, number>();
	pieces.forEach((piece, i) => {
		if (joins(i)) ids.set(piece, i);
	});
	const merges: { left: string; right: string; score: number; ids: [number, number] }[] = [];
	for (const [piece, id] of ids) {
		const chars = Array.from(piece);
		if (chars.length > MAX_PIECE) {
			throw new TokenizerError(
				`tokenizer.ggml.tokens[${id}]: ${chars.length} characters; at most ${MAX_PIECE}`,
			);
		}
		let left = "";
		for (let cut = 1; cut < chars.length; cut++) {
			left += chars[cut - 1] as string;
			const right = piece.slice(left.length);
			const [a, b] = [ids.get(left), ids.get(right)];
			if (a === undefined || b === undefined) continue;
			merges.push({ left, right, score: scores[id] as number, ids: [a, b] });
		}
	}
	merges.sort((x, y) => y.score - x.score || x.ids[0] - y.ids[0] || x.ids[1] - y.ids[1]);
	return merges.map(({ left, right }) => [left, right]);
}
