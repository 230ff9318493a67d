import type { HeadScores } from "headscope/scores";

/** Where a head's score lies between the lowest and the highest that heads have, 0 to 1; for scores from 0 on, from 0. */
export function shareOf(score: number, scores: HeadScores | undefined): number {
	if (!scores) return 0;
	let [low, high] = [0, 0];
	for (const value of scores.values.flat()) {
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	return high > low ? (score - low) / (high - low) : 0;
}
