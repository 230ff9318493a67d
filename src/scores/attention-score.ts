import { sizeOfDims } from "../graph/dim.js";
import { matmul } from "../graph/ops/index.js";
import { Tensor } from "../tensor/index.js";
import { type Row, type Rows, ScoreError } from "./row.js";
import type { HeadScore, SampleKind } from "./score.js";

/** One pattern entry that counts: positions are indices into the row's tokens; weight 1 unless given. */
export interface Entry {
	readonly query: number;
	readonly key: number;
	readonly weight?: number;
}

export interface AttentionScoreOptions {
	readonly name: string;
	readonly doc: string;
	readonly samples: SampleKind;
	readonly control?: boolean;
	/** Default [0, 1]. */
	readonly range?: readonly [number, number];
	readonly modes?: Readonly<Record<string, HeadScore>>;
	/** Which entries of the pattern count for a row. */
	entries(row: Row): readonly Entry[];
}

/**
 * A score that is linear in the pattern A: the mean over queries of what each attends to where it counts,
 * score = sum over (q, k) of A[q, k] D[q, k], where D[q, k] is the entry's weight / number of queries.
 * D is made from the tokens and fed, so that one compiled graph serves any tokens.
 */
export function attentionScore(options: AttentionScoreOptions): HeadScore {
	const { name, doc, samples, control = false, range = [0, 1], modes, entries } = options;
	const feed = `${name}/detection`;
	const queries = (row: Row): number[] => [...new Set(entries(row).map(({ query }) => query))];
	return {
		name,
		doc,
		samples,
		control,
		range,
		...(modes && { modes }),
		needs: ["pattern"],
		queries,
		baseline: (row) => {
			const list = entries(row);
			const total = list.reduce((sum, { query, weight = 1 }) => sum + weight / (query + 1), 0);
			return total / queries(row).length;
		},
		feeds: (rows) => ({ [feed]: detection(rows, entries) }),
		graph: (at, g) => {
			const pattern = at("pattern");
			const [batch, head, query, key] = pattern.shape as [string, number, string, string];
			const cells = sizeOfDims([query, key]);
			const wanted = g.input(feed, "float32", [batch, query, key]);
			// one product that reads the pattern once and stores nothing of its size
			const sums = matmul(g.reshape(pattern, [batch, head, cells]), g.reshape(wanted, [batch, cells, 1]));
			return g.reshape(sums, [batch, head]);
		},
		host: (at, feeds) => {
			const { data, shape } = at("pattern");
			const [batch, heads, query, key] = shape as [number, number, number, number];
			const wanted = feeds[feed] as Tensor;
			const out = Tensor.zeros([batch, heads]);
			const cells = query * key;
			for (let i = 0; i < batch * heads; i++) {
				const row = Math.floor(i / heads);
				let sum = 0;
				for (let c = 0; c < cells; c++)
					sum += Number(data[i * cells + c]) * Number(wanted.data[row * cells + c]);
				out.data[i] = sum;
			}
			return out;
		},
		ideal: (rows) => {
			const pattern = Tensor.zeros([rows.rows.length, 1, rows.length, rows.length]);
			let score = 0;
			for (const [r, row] of rows.rows.entries()) {
				const best = new Map<number, Entry>();
				for (const entry of entries(row)) {
					const other = best.get(entry.query);
					if (!other || (entry.weight ?? 1) > (other.weight ?? 1)) best.set(entry.query, entry);
				}
				for (const [q, place] of row.places.entries()) {
					const key = row.places[best.get(q)?.key ?? 0] as number;
					pattern.data[(r * rows.length + place) * rows.length + key] = 1;
				}
				const sum = [...best.values()].reduce((total, { weight = 1 }) => total + weight, 0);
				score += sum / best.size / rows.rows.length;
			}
			return { points: { pattern }, score };
		},
	};
}

/** D [batch, query, key] for padded rows. */
function detection({ rows, length }: Rows, entries: (row: Row) => readonly Entry[]): Tensor<"float32"> {
	const out = Tensor.zeros([rows.length, length, length]);
	for (const [r, row] of rows.entries()) {
		const list = entries(row);
		const queries = new Set(list.map(({ query }) => query)).size;
		for (const { query, key, weight = 1 } of list) {
			const [q, k] = [row.places[query] as number, row.places[key] as number];
			const cell = (r * length + q) * length + k;
			out.data[cell] = (out.data[cell] as number) + weight / queries;
		}
	}
	return out;
}

/** Entries of a whole diagonal: key = query - offset, from query `from` on. */
export function diagonal({ tokens }: Row, offset: number, from = 0): Entry[] {
	const first = Math.max(from, offset);
	return Array.from({ length: Math.max(0, tokens.length - first) }, (_, i) => ({
		query: first + i,
		key: first + i - offset,
	}));
}

/** The length of the repeated segment. @throws {ScoreError} where the row was not made of one. */
export function periodOf(name: string, { period }: Row): number {
	if (period === undefined) {
		throw new ScoreError(`${name}: needs rows of one repeated segment, as the repeat samples are`);
	}
	return period;
}
