import { counted } from "../shared/counted.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { drawPattern, type PatternName } from "./named-patterns.js";

/** Rows of numbers [query][key], of any size from that of the run on. */
export type PatternRows = readonly (readonly number[])[];

/** How far a row's sum may be from 1. */
const TOLERANCE = 1e-4;

/**
 * A drawn pattern cut to the first `length` queries and keys: [length, length].
 * @param normalize true divides each row by its sum, false takes rows as they are; by default they must sum to 1
 * @throws {InterventionError} for a pattern that is too small or not square, entries that are no finite numbers, a query
 * that attends to a later key, and (unless `normalize` is false) negative entries and rows that do not sum to 1
 */
export function cutPattern(
	rows: PatternRows,
	length: number,
	normalize: boolean | undefined,
	where: string,
): Tensor<"float32"> {
	if (rows.length < length)
		reject(where, `${counted(rows.length, "row")}, but this run has ${length} positions`);
	const matrix = Tensor.zeros([length, length]);
	for (let query = 0; query < length; query++) {
		const row = rows[query] as readonly number[];
		const at = `${where}[${query}]`;
		if (row.length !== rows.length)
			reject(at, `${counted(row.length, "entry", "entries")} in a pattern of ${counted(rows.length, "row")}`);
		const bad = row.findIndex((share) => !Number.isFinite(share) || (share < 0 && normalize !== false));
		if (bad >= 0) reject(`${at}[${bad}]`, `got ${row[bad]}, allowed finite shares from 0`);
		const later = row.findIndex((share, key) => key > query && share !== 0);
		if (later >= 0)
			reject(`${at}[${later}]`, `got ${row[later]}: query ${query} cannot attend to the later key ${later}`);
		const sum = row.slice(0, query + 1).reduce((a, b) => a + b, 0);
		if (normalize === undefined && Math.abs(sum - 1) > TOLERANCE)
			reject(at, `the row sums to ${sum}, not 1; "normalize": true scales it, false takes it as it is`);
		if (normalize && sum === 0) reject(at, "a row of zeros cannot be normalized");
		for (let key = 0; key <= query; key++)
			matrix.data[query * length + key] = (row[key] as number) / (normalize ? sum : 1);
	}
	return matrix;
}

/**
 * A named pattern as a matrix [length, length].
 * @throws {InterventionError} for "induction", which depends on a run's tokens
 */
export function namedPattern(name: Exclude<PatternName, "induction">, length: number): Tensor<"float32"> {
	const matrix = Tensor.zeros([length, length]);
	const same = (): never => reject(name, "depends on a run's tokens");
	drawPattern(name, { length, same }, (query, key, share) => {
		matrix.data[query * length + key] = share;
	});
	return matrix;
}
