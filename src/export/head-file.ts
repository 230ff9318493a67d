import { Random } from "../tensor/index.js";
import {
	type HeadFile,
	type HeadSequence,
	type Histogram,
	SAMPLING,
	type TokenWeight,
} from "./head-layout.js";

/** One head on one row: the entries that are kept, and the largest. */
export interface KeptRow {
	readonly id: number;
	readonly tokens: readonly string[];
	/** Largest attention that neither comes from nor goes to the first position. */
	readonly most: number;
	/** query * length + key. */
	readonly indices: Int32Array;
	readonly values: Float32Array;
}

const DISTANCES = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const ACTIVATION_BINS = 50;
const TOP_TOKENS = 50;

/** A head's file from all of its rows: of each interval some rows, and sums over the rows that are in it. */
export function headFile(rows: readonly KeptRow[], seed: number): HeadFile {
	const sequences = sample(rows, seed).map(([interval, row]): HeadSequence => {
		const { id, tokens, most, indices, values } = row;
		return {
			sequence_id: id,
			interval,
			tokens,
			attention_indices: [...indices],
			attention_values: Array.from(values, (value) => Number(value.toFixed(4))),
			seq_len: tokens.length,
			max_activation: Number(most.toFixed(4)),
		};
	});
	const mean = rows.reduce((sum, { most }) => sum + most, 0) / rows.length;
	return {
		sequences,
		qk_distance_histogram: distances(sequences),
		top_query_tokens: topTokens(sequences, (index, length) => Math.floor(index / length)),
		top_key_tokens: topTokens(sequences, (index, length) => index % length),
		histogram: activations(rows),
		statistics: {
			n_samples: sequences.length,
			mean_max_activation: Number.isFinite(mean) ? Number(mean.toFixed(4)) : null,
		},
	};
}

/** Rows by how strong the head is on them, in groups of equal size; of each group some, of the strongest the strongest. */
function sample(rows: readonly KeptRow[], seed: number): [number, KeptRow][] {
	const { n_intervals, samples_per_interval, samples_per_top_interval } = SAMPLING;
	const sorted = rows.toSorted((a, b) => a.most - b.most || b.id - a.id);
	const random = new Random(seed);
	return Array.from({ length: n_intervals }, (_, i): [number, KeptRow][] => {
		const group = sorted.slice(
			Math.round((i * rows.length) / n_intervals),
			Math.round(((i + 1) * rows.length) / n_intervals),
		);
		const chosen =
			i === n_intervals - 1
				? group.slice(-samples_per_top_interval).reverse()
				: random.shuffle(group).slice(0, samples_per_interval);
		return chosen.map((row): [number, KeptRow] => [i + 1, row]);
	}).flat();
}

function distances(sequences: readonly HeadSequence[]): Histogram {
	const sums = DISTANCES.slice(1).map(() => 0);
	for (const { attention_indices, attention_values, seq_len } of sequences) {
		for (const [i, index] of attention_indices.entries()) {
			const distance = Math.abs(Math.floor(index / seq_len) - (index % seq_len));
			const bin = DISTANCES.findLastIndex((edge) => edge <= distance);
			if (bin < sums.length) sums[bin] = (sums[bin] as number) + (attention_values[i] as number);
		}
	}
	return { bin_edges: DISTANCES, bin_values: sums.map((sum) => Number(sum.toFixed(4))) };
}

function activations(rows: readonly KeptRow[]): Histogram {
	const counts = Array<number>(ACTIVATION_BINS).fill(0);
	for (const { most } of rows) {
		const bin = Math.min(ACTIVATION_BINS - 1, Math.floor(most * ACTIVATION_BINS));
		counts[bin] = (counts[bin] as number) + 1;
	}
	const edges = Array.from({ length: ACTIVATION_BINS + 1 }, (_, i) =>
		Number((i / ACTIVATION_BINS).toFixed(4)),
	);
	return { bin_edges: edges, bin_values: counts };
}

function topTokens(
	sequences: readonly HeadSequence[],
	positionOf: (index: number, length: number) => number,
): TokenWeight[] {
	const weights = new Map<string, number>();
	for (const { tokens, attention_indices, attention_values, seq_len } of sequences) {
		for (const [i, index] of attention_indices.entries()) {
			const token = tokens[positionOf(index, seq_len)] as string;
			weights.set(token, (weights.get(token) ?? 0) + (attention_values[i] as number));
		}
	}
	return [...weights]
		.sort(([, a], [, b]) => b - a)
		.slice(0, TOP_TOKENS)
		.map(([token, weight]) => ({ token, weight: Number(weight.toFixed(4)) }));
}
