import { TorchRandom } from "../../random/index.js";
import { type Random, Tensor } from "../../tensor/index.js";
import { checkCount, type Samples, type Task } from "../samples.js";
import type { RegressionSequences } from "./sequences.js";
import { encodeTokens } from "./tokens.js";

/**
 * Rows x_0 y_0 .. x_(N-1) y_(N-1) x_i. Ids say which tokens are equal: that of x_k is 2k and that of y_k is
 * 2k + 1, so that the last token has an id which stands there before. Id 2N is an x that does not occur.
 */
export interface RecallSamples extends Samples {
	/** The token vector of each row's ids: float32 [row, id, task_size + 1], 2N + 1 ids. */
	readonly vectors: Tensor<"float32">;
}

/**
 * Sequences that end in an x which they have shown before: a head that looks up what belongs to it attends from
 * there to its y. Examples come from `sequences`, which x comes again is drawn uniformly, and every row has a
 * seed of its own.
 * @param n examples before the repeated x, N
 * @throws {TaskError} for a count below 1
 */
export function recall(sequences: RegressionSequences, n: number): Task<RecallSamples> {
	checkCount("recall: n", n);
	const length = 2 * n + 1;
	const width = sequences.prior.taskSize + 1;
	return {
		name: "recall",
		doc: `${n === 1 ? "x0 y0" : `x0 y0 .. x${n - 1} y${n - 1}`} and an earlier x again`,
		length,
		draw: (random: Random, count: number): RecallSamples => {
			const vectors = Tensor.zeros([count, length, width]);
			const ids = Array.from({ length: count }, (_, row) => {
				const again = random.integer(0, n);
				// one example more: its x is the one that does not occur
				const { xs, ys } = sequences.getBatch(n + 1, 1, new TorchRandom(random.bits()));
				vectors.data.set(encodeTokens(xs, ys).data.subarray(0, length * width), row * length * width);
				return [...Array(2 * n).keys(), 2 * again];
			});
			return { ids, bos: false, vectors };
		},
	};
}

/** Rows of ids as tokens: float32 [row, pos, task_size + 1]. */
export function recallTokens(
	ids: readonly (readonly number[])[],
	{ vectors }: RecallSamples,
): Tensor<"float32"> {
	const [rows, count, width] = vectors.shape as [number, number, number];
	const length = ids[0]?.length ?? 0;
	const out = Tensor.zeros([rows, length, width]);
	for (const [r, row] of ids.entries()) {
		for (const [p, id] of row.entries()) {
			const from = (r * count + id) * width;
			out.data.set(vectors.data.subarray(from, from + width), (r * length + p) * width);
		}
	}
	return out;
}
