import { actName } from "../hooks/points.js";
import { TorchRandom } from "../random/index.js";
import { DEFAULT_SEQUENCES } from "../scores/regression/subject.js";
import { checkSamples } from "../scores/subject.js";
import { encodeTokens, type PatternScore } from "../tasks/regression/index.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { BoundMetric, Measure, MeasureOptions, RegressionRun } from "./metric.js";
import { refuseOptions } from "./own-sequences.js";

/** Below this, p ln p is 0 to single precision, and ln stays finite. */
const TINY = 1e-30;

/** What an entry (query i, key j) counts, of scores that are sums of the pattern's entries. */
const LINEAR: Partial<Record<PatternScore, (i: number, j: number) => number>> = {
	prev_token_attn: (i, j) => (j === i - 1 ? 1 : 0),
	self_attn: (i, j) => (j === i ? 1 : 0),
	x_tokens_attn: (_, j) => (j % 2 === 0 ? 1 : 0),
	mean_position: (i, j) => j / (i + 1),
};

/** What a query's entropy in bits counts. */
const ENTROPIES: Partial<Record<PatternScore, (i: number) => number>> = {
	entropy: () => 1,
	entropy_normalized: (i) => (i > 0 ? 1 / Math.log2(i + 1) : 0),
};

/**
 * A score of a regression run's attention pattern (`PATTERN_SCORES`) for each of its sequences: the mean over the
 * queries, without the last token, which no prediction uses. Sequences are those of `scorePatterns`.
 * @throws {MetricError} for "variability", which compares sequences with each other
 */
export function patternScoreMetric(
	score: PatternScore,
	layer: number,
	head: number,
	{ model, pretrainDist }: RegressionRun,
	options: MeasureOptions,
	where: string,
): Measure {
	refuseOptions(options, ["samples", "seed"], where);
	const rows = checkSamples(options.samples ?? DEFAULT_SEQUENCES);
	const { maxExamples } = model.config;
	const length = 2 * maxExamples;
	const queries = length - 1;
	const { xs, ys } = pretrainDist.getBatch(maxExamples, rows, new TorchRandom(options.seed ?? 0));
	const [linear, entropy] = [LINEAR[score], ENTROPIES[score]];
	if (!linear && !entropy)
		reject(where, `${score} compares sequences with each other; it has no number for each`);
	const weights = linear
		? repeated(rows, [length, length], (at) => {
				const [i, j] = [Math.floor(at / length), at % length];
				return i < queries && j <= i ? linear(i, j) / queries : 0;
			})
		: repeated(rows, [length], (i) => (i < queries ? (entropy?.(i) ?? 0) / queries : 0));
	const metric = {
		name: `head-score:${score}@${layer}.${head}`,
		doc: `of head ${layer}.${head}: ${score} of its attention, mean over the queries`,
		rows,
		names: [actName("pattern", layer)],
		at: undefined,
		graph: graphOf(linear ? "linear" : "entropy", layer, head),
		feeds: { weights },
	};
	return { model: model.model, input: encodeTokens(xs, ys), metric };
}

/** The same numbers for every row. */
function repeated(rows: number, shape: readonly number[], value: (at: number) => number): Tensor<"float32"> {
	const size = shape.reduce((a, b) => a * b, 1);
	const row = Float32Array.from({ length: size }, (_, at) => value(at));
	const out = Tensor.zeros([rows, ...shape]);
	for (let r = 0; r < rows; r++) out.data.set(row, r * size);
	return out;
}

const graphs = new Map<string, BoundMetric["graph"]>();

/** Graphs by head, so that each is compiled once. */
function graphOf(kind: "linear" | "entropy", layer: number, head: number): BoundMetric["graph"] {
	const key = `${kind}@${layer}.${head}`;
	const graph: BoundMetric["graph"] =
		graphs.get(key) ??
		((get, g, feed) => {
			const all = get(actName("pattern", layer)); // [rows, head, query, key]
			const pattern = g.sum(g.slice(all, 1, head, head + 1), 1, { keepDims: false }); // [rows, query, key]
			if (kind === "linear") {
				return g.sum(g.mul(pattern, feed("weights", pattern.shape)), [1, 2], { keepDims: false });
			}
			const nats = g.neg(g.sum(g.mul(pattern, g.log(g.maximum(pattern, TINY))), -1, { keepDims: false }));
			const bits = g.mul(nats, Math.LOG2E);
			return g.sum(g.mul(bits, feed("weights", bits.shape)), 1, { keepDims: false });
		});
	graphs.set(key, graph);
	return graph;
}
