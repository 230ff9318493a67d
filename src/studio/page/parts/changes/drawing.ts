/** Longest pattern that is drawn by hand: each of its entries stands in the page's address. */
export const MOST_DRAWN = 96;

/** A pattern that is being drawn: shares [query][key], row after row. Keys behind their query are 0 and stay so. */
export interface Drawing {
	readonly size: number;
	readonly shares: Float32Array;
}

/** A cell of a drawing. */
export interface Cell {
	readonly query: number;
	readonly key: number;
}

/** A drawing from rows [query][key], cut to a size; rows that are missing attend to themselves. */
export function drawingOf(rows: readonly (readonly number[])[], size: number): Drawing {
	const shares = new Float32Array(size * size);
	for (let query = 0; query < size; query++) {
		const row = rows[query];
		for (let key = 0; key <= query; key++)
			shares[query * size + key] = row ? (row[key] ?? 0) : key === query ? 1 : 0;
	}
	return { size, shares };
}

/** A drawing with cells on the way from one to another at a value; those where a query would look ahead are left out. */
export function painted({ size, shares }: Drawing, from: Cell, to: Cell, value: number): Drawing {
	const next = shares.slice();
	const steps = Math.max(Math.abs(to.query - from.query), Math.abs(to.key - from.key), 1);
	for (let step = 0; step <= steps; step++) {
		const query = Math.round(from.query + ((to.query - from.query) * step) / steps);
		const key = Math.round(from.key + ((to.key - from.key) * step) / steps);
		if (query >= 0 && key >= 0 && query < size && key <= query) next[query * size + key] = value;
	}
	return { size, shares: next };
}

/** What each query's shares sum to. */
export function rowSums({ size, shares }: Drawing): number[] {
	return Array.from({ length: size }, (_, query) =>
		shares.subarray(query * size, query * size + query + 1).reduce((sum, share) => sum + share, 0),
	);
}

/** Every row divided by its sum; rows of zeros stay. */
export function renormalized(drawing: Drawing): Drawing {
	const { size, shares } = drawing;
	const sums = rowSums(drawing);
	return { size, shares: shares.map((share, i) => share / (sums[Math.floor(i / size)] || 1)) };
}

/** Rows as an intervention has them, four digits behind the point. */
export function rowsOf({ size, shares }: Drawing): number[][] {
	return Array.from({ length: size }, (_, query) =>
		Array.from(shares.subarray(query * size, (query + 1) * size), (share) => Number(share.toFixed(4))),
	);
}

/**
 * Reads rows of numbers, a line each.
 * @returns what is wrong with them, for people, where they are no causal pattern of the size
 */
export function readRows(text: string, size: number): Drawing | string {
	const lines = text.split("\n").filter((line) => line.trim() !== "");
	if (lines.length !== size) return `${lines.length} rows, but there are ${size} tokens`;
	const rows = lines.map((line) =>
		line
			.trim()
			.split(/[\s,;]+/)
			.map(Number),
	);
	for (const [query, row] of rows.entries()) {
		const bad = row.findIndex((share) => !Number.isFinite(share) || share < 0);
		if (bad >= 0) return `row ${query}: entry ${bad} is no share from 0`;
		const later = row.findIndex((share, key) => key > query && share !== 0);
		if (later >= 0) return `row ${query}: query ${query} cannot attend to the later key ${later}`;
	}
	return drawingOf(rows, size);
}

/** The rows as text, only the keys that a query can see. */
export function rowsText(drawing: Drawing): string {
	return rowsOf(drawing)
		.map((row, query) => row.slice(0, query + 1).join(" "))
		.join("\n");
}
