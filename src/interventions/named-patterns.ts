/** The tokens of one row that count, in order, as an attention pattern may depend on them. */
export interface PatternRow {
	readonly length: number;
	/** Whether the tokens at two places are equal. @throws {InterventionError} where the run has no tokens. */
	same(a: number, b: number): boolean;
}

/** Where a query attends: each key once, with equal shares. */
type Attended = (query: number, row: PatternRow) => readonly number[];

/**
 * Hand-made attention patterns by name. Every one is causal and its rows sum to 1. "self-pair" and
 * "previous-token" are `head_2` and `head_3` of the in-context regression notebook.
 */
export const NAMED_PATTERNS = {
	/** The token before; the first one attends to itself. */
	"previous-token": (query) => [Math.max(0, query - 1)],
	/** Tokens in pairs: the first of a pair attends to itself, the second half to each of the two. */
	"self-pair": (query) => (query % 2 === 0 ? [query] : [query - 1, query]),
	/** Every token up to the query. */
	uniform: (query) => Array.from({ length: query + 1 }, (_, key) => key),
	"first-token": () => [0],
	/** Each token itself. */
	identity: (query) => [query],
	/** The token after the last earlier occurrence of the query's token; without one, the first token. */
	induction: (query, row) => {
		for (let key = query - 1; key >= 0; key--) if (row.same(key, query)) return [key + 1];
		return [0];
	},
} as const satisfies Record<string, Attended>;

/** The name of a hand-made pattern. */
export type PatternName = keyof typeof NAMED_PATTERNS;

/** Named patterns that look at the tokens, not only at their places. */
export const TOKEN_PATTERNS: ReadonlySet<PatternName> = new Set(["induction"]);

/** Fills a row's matrix [length, length], row by row: entry (query, key) goes through `put`. */
export function drawPattern(
	name: PatternName,
	row: PatternRow,
	put: (query: number, key: number, share: number) => void,
): void {
	const attended: Attended = NAMED_PATTERNS[name];
	for (let query = 0; query < row.length; query++) {
		const keys = attended(query, row);
		for (const key of keys) put(query, key, 1 / keys.length);
	}
}
