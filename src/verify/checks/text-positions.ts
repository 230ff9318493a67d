import { type Check, doesNotApply, notJudged, type Outcome } from "../check.js";

/** Shortest window in which the beginning can be told from the rest. */
const SHORTEST_WINDOW = 24;

/**
 * The more of a text a model has read, the better it predicts the next token: the loss in the second half of a window is
 * below that in its first eighth. A rise of more than two standard errors is a fault.
 */
export const textPositions: Check = {
	name: "text-positions",
	doc: "the loss on a text is lower late in a window than at its beginning",
	sees: "positions that go wrong with distance, windows longer than what a model was trained on",

	async run(subject): Promise<Outcome> {
		const losses = await subject.losses();
		if (typeof losses === "string") return doesNotApply(losses);
		const { windows, mean, unigram } = losses;
		const length = windows[0]?.length ?? 0;
		if (length < SHORTEST_WINDOW) return doesNotApply(`windows of ${length + 1} tokens are too short`);
		if (!(mean < unigram)) return notJudged("the text is predicted no better than by its own frequencies");
		const part = (start: number, end: number): Sample =>
			sampleOf(windows.flatMap((row) => row.slice(start, end)));
		const early = part(0, Math.floor(length / 8));
		const late = part(Math.floor(length / 2), length);
		const rise = late.mean - early.mean;
		const allowed = 2 * Math.hypot(late.error, early.error);
		const detail = `${early.mean.toFixed(2)} nats at the beginning, ${late.mean.toFixed(2)} in the second half`;
		if (rise > allowed) return { status: "failed", detail, measured: rise, allowed };
		return rise < 0 ? { status: "passed", detail, measured: rise, allowed } : notJudged(detail);
	},
};

interface Sample {
	readonly mean: number;
	/** Standard error of the mean. */
	readonly error: number;
}

function sampleOf(values: readonly number[]): Sample {
	const mean = values.reduce((a, b) => a + b, 0) / values.length;
	const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
	return { mean, error: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}
