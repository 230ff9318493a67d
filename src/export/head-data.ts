import type { Tensor } from "../tensor/index.js";
import { headFile, type KeptRow } from "./head-file.js";
import { HEAD_METRICS, type HeadFile, type HeadMetric, SAMPLING, type ScatterRow } from "./head-layout.js";

/** Sums over rows of what a head's metrics are means of. */
interface HeadSums {
	self: number;
	previous: number;
	entropy: number;
	distance: number;
	squaredDistance: number;
	induction: number;
}

/** Collects rows with their patterns, and gives the files of the HeadVis layout. */
export class HeadData {
	private readonly sums: HeadSums[];
	private readonly kept: KeptRow[][];
	private rows = 0;
	private positions = 0;
	/** Positions with one before them. */
	private steps = 0;
	/** Queries whose token occurred before. */
	private repeats = 0;

	constructor(
		readonly nLayers: number,
		readonly nHeads: number,
	) {
		const zero = (): HeadSums => ({
			self: 0,
			previous: 0,
			entropy: 0,
			distance: 0,
			squaredDistance: 0,
			induction: 0,
		});
		this.sums = Array.from({ length: nLayers * nHeads }, zero);
		this.kept = this.sums.map(() => []);
	}

	/**
	 * Adds a row; one of a single token is left out, since nothing can be said of it.
	 * @param ids its token ids, which say what repeats
	 * @param pattern float32 [layer, head, query, key]
	 */
	add(ids: readonly number[], tokens: readonly string[], pattern: Tensor<"float32">): void {
		const length = ids.length;
		const id = this.rows++;
		if (length < 2) return;
		this.positions += length;
		this.steps += length - 1;
		const { pairs, queries } = followers(ids);
		this.repeats += queries;
		for (const [head, sums] of this.sums.entries()) {
			const values = pattern.data.subarray(head * length ** 2, (head + 1) * length ** 2);
			addTo(sums, values, length, pairs);
			(this.kept[head] as KeptRow[]).push(keptRow(id, tokens, values));
		}
	}

	/** `scatter_data.json`. */
	scatter(): ScatterRow[] {
		return this.sums.map((sums, i) => {
			const distance = sums.distance / this.positions;
			const values: Record<HeadMetric, number> = {
				self_attention_score: sums.self / this.positions,
				prev_token_score: sums.previous / this.steps,
				pattern_entropy: sums.entropy / this.positions,
				qk_distance: distance,
				qk_distance_variance: sums.squaredDistance / this.positions - distance ** 2,
				induction_score: sums.induction / this.repeats,
			};
			const metrics = Object.keys(HEAD_METRICS).map((name): [string, number | null] => {
				const value = values[name as HeadMetric];
				return [name, Number.isFinite(value) ? rounded(value) : null];
			});
			return {
				layer: Math.floor(i / this.nHeads),
				head: i % this.nHeads,
				...(Object.fromEntries(metrics) as Record<HeadMetric, number | null>),
			};
		});
	}

	/** `heads/L{layer}H{head}.json`. */
	file(layer: number, head: number, seed: number): HeadFile {
		return headFile(this.kept[layer * this.nHeads + head] as KeptRow[], seed + layer * this.nHeads + head);
	}
}

/** For each position the keys behind earlier occurrences of its token, as [query, key], and how many queries have one. */
function followers(ids: readonly number[]): { pairs: [number, number][]; queries: number } {
	const seen = new Map<number, number[]>();
	const pairs: [number, number][] = [];
	let queries = 0;
	for (const [query, id] of ids.entries()) {
		const before = seen.get(id) ?? [];
		for (const position of before) pairs.push([query, position + 1]);
		if (before.length > 0) queries++;
		seen.set(id, [...before, query]);
	}
	return { pairs, queries };
}

function addTo(
	sums: HeadSums,
	values: Float32Array,
	length: number,
	pairs: readonly (readonly [number, number])[],
): void {
	for (let query = 0; query < length; query++) {
		for (let key = 0; key < length; key++) {
			const value = values[query * length + key] as number;
			if (value <= 0) continue;
			const distance = Math.abs(query - key);
			if (distance === 0) sums.self += value;
			if (key === query - 1) sums.previous += value;
			sums.entropy -= value * Math.log(value);
			sums.distance += value * distance;
			sums.squaredDistance += value * distance ** 2;
		}
	}
	for (const [query, key] of pairs) {
		const value = values[query * length + key] as number;
		if (value >= SAMPLING.induction_attention_threshold) sums.induction += value;
	}
}

/** A row with the entries of it that are kept. */
function keptRow(id: number, tokens: readonly string[], values: Float32Array): KeptRow {
	const length = tokens.length;
	const indices: number[] = [];
	const attention: number[] = [];
	let most = 0;
	for (let query = 0; query < length; query++) {
		const row = values.subarray(query * length, (query + 1) * length);
		const keys: number[] = [];
		for (let key = 0; key < length; key++) {
			const value = row[key] as number;
			if (query > 0 && key > 0) most = Math.max(most, value);
			if (value >= SAMPLING.sparse_threshold) keys.push(key);
		}
		const best = keys
			.sort((a, b) => (row[b] as number) - (row[a] as number) || a - b)
			.slice(0, SAMPLING.sparse_topk_per_row)
			.sort((a, b) => a - b);
		for (const key of best) {
			indices.push(query * length + key);
			attention.push(row[key] as number);
		}
	}
	return { id, tokens, most, indices: Int32Array.from(indices), values: Float32Array.from(attention) };
}

/** 4 decimals, as the layout has its numbers. */
export function rounded(value: number): number {
	return Number(value.toFixed(4));
}
