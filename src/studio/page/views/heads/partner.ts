import type { HeadScores, RankedHead } from "headscope/scores";

/** Scores of heads that need a previous-token head of an earlier layer (Elhage et al. 2021, K-composition). */
const INDUCTION = ["induction", "induction-repeat", "prefix-matching"];

/** The previous-token head that an induction head reads from. */
export interface Partner {
	/** The induction head. */
	readonly of: string;
	readonly head: string;
	/** Its previous-token score. */
	readonly score: number;
}

/** The best previous-token head of a layer before the best induction head's; undefined where there is none. */
export function partnerOf({ score, ranking }: HeadScores, previous: HeadScores): Partner | undefined {
	const best: RankedHead | undefined = ranking[0];
	if (!best || !INDUCTION.includes(score)) return undefined;
	const layerOf = (head: string): number => Number(head.split(".")[0]);
	const found = previous.ranking.find(({ head }) => layerOf(head) < layerOf(best.head));
	return found && { of: best.head, head: found.head, score: found.score };
}
