import { TorchRandom } from "../../random/index.js";
import {
	encodeTokens,
	PATTERN_SCORES,
	type PatternScore,
	patternScores,
} from "../../tasks/regression/index.js";
import { Tensor } from "../../tensor/index.js";
import type { HeadScores } from "../head-scores.js";
import { checkSamples, type SampleOptions } from "../subject.js";
import { DEFAULT_SEQUENCES, type RegressionHeads } from "./subject.js";

/** The patterns of as many sequences are held at once; one score compares them with each other. */
const MOST = 4096;

/** How many sequences are drawn, from which seed; `signal` stops between chunks. */
export interface ScorePatternsOptions extends Pick<SampleOptions, "samples" | "seed"> {
	signal?: AbortSignal;
}

/**
 * What `patternScores` tells of every head (attention to the token before, to itself, to x tokens, entropy in
 * bits, variability over the batch, mean position) on one batch of whole sequences. Means over the batch, without
 * control or interval; ranked by value.
 * @param options `samples` (default 256) are sequences, at most 4096 of them count; `seed` (default 0) is torch's
 */
export async function scorePatterns(
	{ model, pretrainDist }: RegressionHeads,
	options: ScorePatternsOptions = {},
): Promise<Map<PatternScore, HeadScores>> {
	const { samples: asked = DEFAULT_SEQUENCES, seed = 0, signal } = options;
	const samples = Math.min(checkSamples(asked), MOST);
	const { nLayers, nHeads, maxExamples } = model.config;
	const { xs, ys } = pretrainDist.getBatch(maxExamples, samples, new TorchRandom(seed));
	const names = Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn.hook_pattern`);
	const { cache } = await model.model.runWithCache(encodeTokens(xs, ys), {
		names,
		logits: false,
		...(signal && { signal }),
	});
	const found = patternScores(
		names.map((name) => cache.get(name)),
		{ perToken: true },
	);
	const even = patternScores([evenPattern(2 * maxExamples)], { perToken: true });
	return new Map(
		PATTERN_SCORES.map((score) => {
			const values = Array.from({ length: nLayers }, (_, l) =>
				Array.from({ length: nHeads }, (__, h) => found[`block_${l}/head_${h}/${score}`] as number),
			);
			const ranking = values
				.flatMap((row, l) => row.map((value, h) => ({ head: `${l}.${h}`, score: value })))
				.sort((a, b) => b.score - a.score);
			const task = `${maxExamples} examples`;
			const baseline = even[`block_0/head_0/${score}`] as number;
			return [score, { score, task, samples, seed, bos: false, values, baseline, ranking }];
		}),
	);
}

/** The pattern of one head that attends to every visible token alike: [1, 1, query, key]. */
function evenPattern(tokens: number): Tensor<"float32"> {
	const pattern = Tensor.zeros([1, 1, tokens, tokens]);
	for (let q = 0; q < tokens; q++) pattern.data.fill(1 / (q + 1), q * tokens, q * tokens + q + 1);
	return pattern;
}
