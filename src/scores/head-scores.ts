import type { RunningMean } from "./statistics.js";

/** A head's place in a ranking. */
export interface RankedHead {
	/** `layer.head`, both from 0. */
	readonly head: string;
	readonly score: number;
	/** The score on the paired control rows. */
	readonly control?: number;
	/** score - control. */
	readonly lift?: number;
	/** 95 % t-interval over the samples of what the ranking goes by: the lift, or the score without a control. */
	readonly low?: number;
	readonly high?: number;
}

/** A score of every head of a model. */
export interface HeadScores {
	/** The score's name. */
	readonly score: string;
	/** What the rows are, in words. */
	readonly task: string;
	/** Rows that were scored. */
	readonly samples: number;
	readonly seed: number;
	/** Whether rows begin with a BOS. */
	readonly bos: boolean;
	/** [layer][head] */
	readonly values: number[][];
	/** [layer][head], for scores that have a control */
	readonly control?: number[][];
	/** What a head with a uniform causal pattern would score on these rows. */
	readonly baseline: number;
	/** All heads, best first: by lift where there is a control, else by score. */
	readonly ranking: RankedHead[];
}

/** A lift below this is no finding, however small its interval: a tenth of a token's attention. */
export const NOTABLE_LIFT = 0.1;

/** Whether a head stands above its control: its lift's interval lies above 0 and the lift is notable. */
export function standsOut({ lift, low }: RankedHead): boolean {
	return lift !== undefined && low !== undefined && low > 0 && lift > NOTABLE_LIFT;
}

/** Numbers of every head, entry l * nHeads + h, as [layer][head]. */
export function byLayer(values: ArrayLike<number>, nHeads: number): number[][] {
	return Array.from({ length: values.length / nHeads }, (_, layer) =>
		Array.from({ length: nHeads }, (__, head) => values[layer * nHeads + head] as number),
	);
}

/** Ranks heads by lift where there is a control, else by score; equal ones keep their order in the model. */
export function rankHeads(
	score: RunningMean,
	nHeads: number,
	paired?: { control: RunningMean; lift: RunningMean },
): RankedHead[] {
	const by = paired?.lift ?? score;
	return Array.from(score.mean, (value, i): RankedHead => {
		const half = by.halfWidth(i);
		const middle = by.mean[i] as number;
		return {
			head: `${Math.floor(i / nHeads)}.${i % nHeads}`,
			score: value,
			...(paired && { control: paired.control.mean[i] as number, lift: paired.lift.mean[i] as number }),
			...(Number.isFinite(half) && { low: middle - half, high: middle + half }),
		};
	}).sort((a, b) => (b.lift ?? b.score) - (a.lift ?? a.score));
}
