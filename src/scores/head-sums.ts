import { byLayer, type HeadScores, rankHeads } from "./head-scores.js";
import type { Rows } from "./row.js";
import type { HeadScore } from "./score.js";
import { RunningMean } from "./statistics.js";

/** What is kept of a score while its rows go by: one mean and spread for each head. */
export class HeadSums {
	private readonly score: RunningMean;
	readonly control: RunningMean;
	readonly lift: RunningMean;
	private baselines = 0;

	/** @param heads of all layers together */
	constructor(
		private readonly record: HeadScore,
		heads: number,
	) {
		[this.score, this.control, this.lift] = [
			new RunningMean(heads),
			new RunningMean(heads),
			new RunningMean(heads),
		];
	}

	/** Adds rows: each one's numbers of all heads, and those of its control where there is one. */
	add({ rows }: Rows, values: readonly Float32Array[], controls?: readonly Float32Array[]): void {
		for (const [r, row] of rows.entries()) {
			const value = values[r] as Float32Array;
			this.baselines += this.record.baseline(row);
			this.score.add(value);
			const control = controls?.[r];
			if (!control) continue;
			this.control.add(control);
			this.lift.add(value.map((x, i) => x - (control[i] as number)));
		}
	}

	/** The score of every head, and the ranking. */
	result(about: Pick<HeadScores, "score" | "task" | "samples" | "seed" | "bos">, nHeads: number): HeadScores {
		const paired = this.record.control;
		return {
			...about,
			values: byLayer(this.score.mean, nHeads),
			...(paired && { control: byLayer(this.control.mean, nHeads) }),
			baseline: this.baselines / this.score.count,
			ranking: rankHeads(this.score, nHeads, paired ? this : undefined),
		};
	}
}
