/** A mean over sequences, and how far it may be off. */
export interface Estimate {
	readonly mean: number;
	/** s / sqrt(n) with s the sample standard deviation; NaN for a single sequence. */
	readonly standardError: number;
}

/** Mean and standard error of independent values. */
export function estimate(values: Float64Array): Estimate {
	const n = values.length;
	const mean = values.reduce((a, b) => a + b, 0) / n;
	const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	return { mean, standardError: n > 1 ? Math.sqrt(squares / (n - 1) / n) : Number.NaN };
}

/** Squared errors of one prediction per example, [batch, example]. */
export class SquaredErrors {
	/** Means over the batch for each example k. */
	readonly tokens: readonly Estimate[];
	/** Mean over batch and examples; sequences, not examples, count as independent. */
	readonly all: Estimate;

	constructor(
		private readonly squares: Float64Array,
		private readonly examples: number,
	) {
		const batch = squares.length / examples;
		this.tokens = Array.from({ length: examples }, (_, k) =>
			estimate(Float64Array.from({ length: batch }, (_, b) => squares[b * examples + k] as number)),
		);
		this.all = this.subsequences(new Int32Array(batch).fill(examples));
	}

	/** The mean over sequences of the mean over each one's first `lengths[b]` examples. */
	subsequences(lengths: Int32Array): Estimate {
		return estimate(
			Float64Array.from(lengths, (length, b) => {
				const from = b * this.examples;
				return this.squares.subarray(from, from + length).reduce((a, c) => a + c, 0) / length;
			}),
		);
	}
}
