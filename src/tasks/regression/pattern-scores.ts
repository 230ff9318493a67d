import type { Tensor } from "../../tensor/index.js";
import { checkCount, TaskError } from "../samples.js";

/**
 * Scores of a head's attention from query i to key j, p[i, j], over tokens x_0, y_0, x_1, y_1, ...; means over the
 * batch:
 * - `prev_token_attn`: p[i, i - 1], 0 for i = 0
 * - `self_attn`: p[i, i]
 * - `x_tokens_attn`: the sum over even j of p[i, j], attention to x tokens
 * - `entropy`: -sum over j of p log2 p, in bits
 * - `entropy_normalized`: entropy / log2(i + 1), 1 for even attention; 0 for i = 0, which has one key
 * - `variability`: the mean total variation distance of p from its mean over the batch
 * - `mean_position`: the sum over j of j p[i, j], divided by i + 1: where attention lies, from the start (0) on
 */
export const PATTERN_SCORES = [
	"prev_token_attn",
	"self_attn",
	"x_tokens_attn",
	"entropy",
	"entropy_normalized",
	"variability",
	"mean_position",
] as const;

/** Name of a score of attention patterns. */
export type PatternScore = (typeof PATTERN_SCORES)[number];

/** Each score for each query. */
export type QueryScores = Readonly<Record<PatternScore, Float64Array>>;

/**
 * The scores of every head of a pattern [batch, head, query, key] for each query. The last token is left out, as
 * query and as key: it is the last y, which no prediction uses.
 * @throws {TaskError} for a pattern that is not square, or has fewer than two tokens.
 */
export function queryScores(pattern: Tensor): QueryScores[] {
	const { heads, tokens } = patternShape(pattern);
	checkCount("scores: tokens of a pattern", tokens, 2);
	return Array.from({ length: heads }, (_, head) => headScores(pattern, head, tokens - 1));
}

/**
 * The scores of the heads of all blocks, means over queries, as `block_0/head_0/self_attn`; with `perToken` also
 * those of each query, as `block_0/head_0/token_0/self_attn`. The mean of `entropy_normalized` is left out unless
 * `perToken` is given.
 * @param patterns one pattern [batch, head, query, key] for each block
 * @throws {TaskError} for patterns that are not square, or have fewer than two tokens.
 */
export function patternScores(
	patterns: readonly Tensor[],
	options: { readonly perToken?: boolean } = {},
): Record<string, number> {
	const { perToken = false } = options;
	const out: Record<string, number> = {};
	for (const [block, pattern] of patterns.entries()) {
		for (const [head, scores] of queryScores(pattern).entries()) {
			const path = `block_${block}/head_${head}`;
			for (const name of PATTERN_SCORES) {
				if (name !== "entropy_normalized" || perToken) out[`${path}/${name}`] = mean(scores[name]);
			}
			for (let i = 0; perToken && i < scores.entropy.length; i++) {
				for (const name of PATTERN_SCORES) out[`${path}/token_${i}/${name}`] = scores[name][i] as number;
			}
		}
	}
	return out;
}

/**
 * Entropies of a block's heads over all tokens, the last included, in nats; `normalized` ones are divided by
 * ln(i + 1), so that 1 is even attention (0 for the first token). Keys: `mean`, `mean_normalized`, and under each head
 * `head_0/mean`, `head_0/token_0`, both also with `_normalized`.
 * @throws {TaskError} for a pattern that is not square.
 */
export function patternEntropies(pattern: Tensor): Record<string, number> {
	const { heads, tokens } = patternShape(pattern);
	const perHead = Array.from({ length: heads }, (_, head) => {
		const { entropy, entropy_normalized } = headScores(pattern, head, tokens);
		return { nats: entropy.map((bits) => bits * Math.LN2), normalized: entropy_normalized };
	});
	const out: Record<string, number> = {
		mean: mean(perHead.map(({ nats }) => mean(nats))),
		mean_normalized: mean(perHead.map(({ normalized }) => mean(normalized))),
	};
	for (const [head, { nats, normalized }] of perHead.entries()) {
		out[`head_${head}/mean`] = mean(nats);
		out[`head_${head}/mean_normalized`] = mean(normalized);
		for (let i = 0; i < tokens; i++) {
			out[`head_${head}/token_${i}`] = nats[i] as number;
			out[`head_${head}/token_${i}_normalized`] = normalized[i] as number;
		}
	}
	return out;
}

/** Scores of one head over the first `tokens` queries and keys. */
function headScores(pattern: Tensor, head: number, tokens: number): QueryScores {
	const { batch, heads, tokens: stride } = patternShape(pattern);
	const scores = Object.fromEntries(
		PATTERN_SCORES.map((name) => [name, new Float64Array(tokens)]),
	) as QueryScores;
	const average = new Float64Array(tokens); // over the batch, of one query's row
	for (let i = 0; i < tokens; i++) {
		const start = (b: number): number => ((b * heads + head) * stride + i) * stride;
		const to = (b: number, j: number): number => Number(pattern.data[start(b) + j]);
		average.fill(0);
		let bits = 0;
		for (let b = 0; b < batch; b++) {
			for (let j = 0; j < tokens; j++) {
				const p = to(b, j);
				average[j] = (average[j] as number) + p / batch;
				if (p > 0) bits -= (p * Math.log2(p)) / batch;
			}
		}
		// every score but entropy and variability is linear in p, so the average row will do
		const total = average.reduce((a, p) => a + p, 0);
		scores.prev_token_attn[i] = i > 0 ? (average[i - 1] as number) : 0;
		scores.self_attn[i] = average[i] as number;
		scores.x_tokens_attn[i] = average.reduce((sum, p, j) => (j % 2 ? sum : sum + p), 0);
		scores.mean_position[i] = average.reduce((sum, p, j) => sum + j * p, 0) / (i + 1);
		scores.entropy[i] = bits;
		scores.entropy_normalized[i] = i > 0 ? bits / Math.log2(i + 1) : 0;
		let apart = 0;
		for (let b = 0; b < batch; b++) {
			for (let j = 0; j < tokens; j++) apart += Math.abs(to(b, j) - (average[j] as number));
		}
		scores.variability[i] = apart / batch / (2 * total);
	}
	return scores;
}

function patternShape(pattern: Tensor): { batch: number; heads: number; tokens: number } {
	const [batch, heads, tokens, keys] = pattern.shape;
	if (pattern.shape.length !== 4 || !batch || !heads || !tokens || keys !== tokens) {
		throw new TaskError(
			`scores: pattern [${pattern.shape.join(", ")}], allowed [batch, head, query, key] with as many queries as keys`,
		);
	}
	return { batch, heads, tokens };
}

function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += values[i] as number;
	return sum / values.length;
}
