import { counted } from "../../shared/counted.js";
import { UsageError } from "../errors.js";
import { readJsonFile } from "./read-file.js";

/** The sizes that ids are checked against. */
export interface IdLimits {
	readonly vocab: number;
	readonly nCtx: number;
}

/**
 * Reads `--ids`: JSON [batch][pos] of token ids. Rows may differ in length; shorter ones are padded on the
 * right and the padding is masked.
 * @throws {UsageError} that names the file and the place.
 */
export async function readIds(path: string): Promise<number[][]> {
	const rows = await readRows(path, "token ids");
	for (const [b, row] of rows.entries()) {
		const bad = row.findIndex((id) => id < 0);
		if (bad >= 0)
			throw new UsageError(`${path}: [${b}][${bad}] is ${row[bad]}, allowed whole numbers from 0`);
	}
	return rows;
}

/**
 * Reads `--mask`: JSON of 0 and 1 in the shape of `ids`, 1 where a token counts.
 * @throws {UsageError} that names the file and the place.
 */
export async function readMask(path: string, ids: readonly (readonly number[])[]): Promise<number[][]> {
	const rows = await readRows(path, "0 and 1");
	if (rows.length !== ids.length) {
		throw new UsageError(`${path}: ${counted(rows.length, "row")}, but the ids have ${ids.length}`);
	}
	for (const [b, row] of rows.entries()) {
		const expected = (ids[b] as readonly number[]).length;
		if (row.length !== expected) {
			throw new UsageError(
				`${path}: [${b}] has ${counted(row.length, "entry", "entries")}, but that row of ids has ${expected}`,
			);
		}
		const bad = row.findIndex((mark) => mark !== 0 && mark !== 1);
		if (bad >= 0) throw new UsageError(`${path}: [${b}][${bad}] is ${row[bad]}, allowed 0 and 1`);
		if (!row.includes(1)) throw new UsageError(`${path}: [${b}] has no 1; at least one token must count`);
	}
	return rows;
}

/**
 * Checks ids against a model.
 * @param where what errors call the ids: the file, or "--text"
 */
export function checkIds(
	where: string,
	ids: readonly (readonly number[])[],
	{ vocab, nCtx }: IdLimits,
	model: string,
): void {
	for (const [b, row] of ids.entries()) {
		if (row.length > nCtx) {
			const which = ids.length > 1 ? `row ${b} has ` : "";
			throw new UsageError(
				`${where}: ${which}${counted(row.length, "token")}, but the context of ${model} is ${nCtx}`,
			);
		}
		const bad = row.findIndex((id) => id >= vocab);
		if (bad < 0) continue;
		throw new UsageError(
			`${where}: [${b}][${bad}] is ${row[bad]}, which is no token id of ${model}; allowed 0..${vocab - 1}`,
		);
	}
}

async function readRows(path: string, what: string): Promise<number[][]> {
	const json = await readJsonFile(path);
	const shape = `expected [batch][pos] of ${what}, such as [[1, 2, 3]]`;
	if (!Array.isArray(json)) throw new UsageError(`${path}: ${shape}, got ${kindOf(json)}`);
	if (json.length === 0) throw new UsageError(`${path}: ${shape}, got no rows`);
	for (const [b, row] of json.entries()) {
		if (!Array.isArray(row)) throw new UsageError(`${path}: ${shape}, but [${b}] is ${kindOf(row)}`);
		if (row.length === 0) throw new UsageError(`${path}: ${shape}, but row [${b}] is empty`);
		const bad = row.findIndex((x) => typeof x !== "number" || !Number.isInteger(x));
		if (bad >= 0) throw new UsageError(`${path}: ${shape}, but [${b}][${bad}] is ${kindOf(row[bad])}`);
	}
	return json as number[][];
}

/** A JSON value as an error names it. */
export function kindOf(value: unknown): string {
	if (value === null) return "null";
	if (Array.isArray(value)) return "a list";
	if (typeof value === "object") return "an object";
	if (typeof value === "number") return String(value);
	const text = JSON.stringify(value);
	return text.length > 40 ? `${text.slice(0, 40)}…"` : text;
}
