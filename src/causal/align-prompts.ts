import type { Intervention } from "../interventions/index.js";
import type { Measure } from "../metrics/index.js";
import type { Model } from "../models/model.js";
import type { ModelInput } from "../models/run-options.js";
import { counted } from "../shared/counted.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/**
 * @throws {CausalError} for prompts of different numbers of tokens; it shows the first such pair, tokens under tokens,
 * with the gap
 */
export function checkAligned(
	model: Model,
	clean: ModelInput,
	corrupt: ModelInput,
	bos: boolean | undefined,
): void {
	const [a, b] = [rowsOf(model, clean, bos), rowsOf(model, corrupt, bos)];
	if (a.length !== b.length)
		reject("clean", `${counted(a.length, "row")}, but ${b.length} corrupted; give one for each`);
	const found = differingLengths(model, a, b, ["clean", "corrupt"]);
	if (found === undefined) return;
	const which = a.length > 1 ? `row ${found.row}: ` : "";
	const [left, right] = found.lengths;
	reject(
		"clean",
		`${which}${counted(left, "token")}, but the corrupted prompt has ${right}, and both need as many; ${found.shown}`,
	);
}

/** A row in which two lists of rows have different numbers of tokens. */
export interface DifferingRow {
	readonly row: number;
	readonly lengths: readonly [number, number];
	/** Both rows around the place where they part, aligned. */
	readonly shown: string;
}

/**
 * The first row that has another number of tokens in `b` than in `a`; undefined where there is none.
 * @param names what the text calls both
 */
export function differingLengths(
	model: Model,
	a: readonly (readonly number[])[],
	b: readonly (readonly number[])[],
	names: readonly [string, string],
): DifferingRow | undefined {
	const row = a.findIndex((ids, r) => ids.length !== b[r]?.length);
	const [left, right] = [a[row], b[row]];
	return (
		left && right && { row, lengths: [left.length, right.length], shown: shown(model, left, right, names) }
	);
}

/** Two rows of a list that have different numbers of tokens, with both aligned; undefined where all have as many. */
export function unequalLengths(model: Model, rows: readonly (readonly number[])[]): string | undefined {
	const [first = []] = rows;
	const other = rows.findIndex((row) => row.length !== first.length);
	const row = rows[other];
	if (!row) return undefined;
	const both = shown(model, first, row, ["row 0", `row ${other}`]);
	return `row 0 has ${counted(first.length, "token")} and row ${other} has ${row.length}; ${both}`;
}

/** Kinds that meet the rows of a batch, or of a donor, position by position. */
export const ACROSS_ROWS: ReadonlySet<string> = new Set(["mean", "resample"]);

/**
 * Why a list cannot act on rows of different length, with two of them aligned; undefined where it can.
 * @returns the place of the intervention in the list, and the text
 */
export function unequalRows(
	list: readonly Intervention[],
	{ model, input, mask }: Measure,
): { readonly at: number; readonly what: string } | undefined {
	if (!mask) return undefined;
	const at = list.findIndex((one) => ACROSS_ROWS.has(one.kind) && !("from" in one && one.from !== undefined));
	const lengths = at < 0 ? undefined : unequalLengths(model, rowsOf(model, input, undefined, mask));
	if (lengths === undefined) return undefined;
	return { at, what: `${list[at]?.kind} goes across rows, which need equal lengths: ${lengths}` };
}

/**
 * The ids of every row, padding left out.
 * @param bos as of `Model.tokenize`
 */
export function rowsOf(
	model: Model,
	input: ModelInput,
	bos?: boolean | undefined,
	mask?: Tensor<"bool"> | undefined,
): number[][] {
	if (input instanceof Tensor) {
		const rows = input.toNested() as number[][];
		return mask ? rows.map((row, r) => row.filter((_, p) => mask.data[r * row.length + p])) : rows;
	}
	const list = typeof input === "string" ? [input] : input;
	const rows =
		typeof list[0] === "number"
			? [list as readonly number[]]
			: (list as readonly (string | readonly number[])[]);
	return rows.map((one) =>
		typeof one === "string" ? [...model.tokenize(one, bos === undefined ? {} : { bos }).ids] : [...one],
	);
}

/** Tokens shown before the place where two rows part, and in all. */
const BEFORE = 3;
const SHOWN = 12;

/** Two rows around the place where they part: equal beginnings and ends aligned, the gap in the shorter one filled with dots. */
function shown(
	{ tokenizer }: Model,
	a: readonly number[],
	b: readonly number[],
	[nameA, nameB]: readonly [string, string],
): string {
	const text = (id: number): string =>
		JSON.stringify(tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : String(id));
	const short = Math.min(a.length, b.length);
	let start = 0;
	while (start < short && a[start] === b[start]) start++;
	let end = 0;
	while (end < short - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
	const longest = Math.max(a.length, b.length);
	const first = Math.max(0, start - BEFORE);
	const line = (ids: readonly number[]): string => {
		const texts = ids.map(text);
		const gap = Array<string>(longest - ids.length).fill("·");
		const cells = [...texts.slice(0, ids.length - end), ...gap, ...texts.slice(ids.length - end)];
		return `${cells.slice(first, first + SHOWN).join(" ")}${longest > first + SHOWN ? " …" : ""}`;
	};
	return `from position ${first} on: ${nameA} ${line(a)}, ${nameB} ${line(b)}`;
}
