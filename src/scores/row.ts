import type { Samples } from "../tasks/index.js";

/** A row of tokens without its padding. */
export interface Row {
	/** The tokens that count. */
	readonly tokens: readonly number[];
	/** Where each of them stands in the row as it is run. */
	readonly places: readonly number[];
	/** Whether the first one is the BOS. */
	readonly bos: boolean;
	/** Length of the repeated segment, where the row was made of one. */
	readonly period?: number;
}

/** Rows as they are run together: each is `length` positions long. */
export interface Rows {
	readonly rows: readonly Row[];
	readonly length: number;
}

/** Scores that cannot be computed as asked. */
export class ScoreError extends Error {
	override readonly name = "ScoreError";
}

/** Samples with their padding taken off. */
export function rowsOf({ ids, mask, bos, period }: Samples): Rows {
	const rows = ids.map((row, r): Row => {
		const places = [...row.keys()].filter((p) => (mask?.[r]?.[p] ?? 1) === 1);
		const tokens = places.map((p) => row[p] as number);
		return { tokens, places, bos, ...(period !== undefined && { period }) };
	});
	return { rows, length: Math.max(0, ...ids.map((row) => row.length)) };
}

/** For each position the earlier positions that hold the same token, in order. */
export function earlierOccurrences(tokens: readonly number[]): number[][] {
	const seen = new Map<number, number[]>();
	return tokens.map((token, position) => {
		const before = seen.get(token) ?? [];
		seen.set(token, [...before, position]);
		return before;
	});
}
