import type { Model } from "../models/model.js";
import type { ModelInput } from "../models/run-options.js";
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
		reject("clean", `${a.length} rows, but ${b.length} corrupted ones; give one for each`);
	const row = a.findIndex((ids, r) => ids.length !== b[r]?.length);
	if (row < 0) return;
	const [left, right] = [a[row], b[row]] as [number[], number[]];
	const which = a.length > 1 ? `row ${row}: ` : "";
	const shown = aligned(left, right, (id) => textOf(model, id));
	reject(
		"clean",
		`${which}${left.length} tokens, but the corrupted prompt has ${right.length}; both need as many\n  clean   ${shown[0]}\n  corrupt ${shown[1]}`,
	);
}

function rowsOf(model: Model, input: ModelInput, bos: boolean | undefined): number[][] {
	if (input instanceof Tensor) return input.toNested() as number[][];
	const list = typeof input === "string" ? [input] : input;
	const rows =
		typeof list[0] === "number"
			? [list as readonly number[]]
			: (list as readonly (string | readonly number[])[]);
	return rows.map((one) =>
		typeof one === "string" ? [...model.tokenize(one, bos === undefined ? {} : { bos }).ids] : [...one],
	);
}

function textOf({ tokenizer }: Model, id: number): string {
	return tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : String(id);
}

/** Two rows of tokens, equal beginnings and ends under each other, the gap in the shorter one filled with dots. */
export function aligned(a: readonly number[], b: readonly number[], text: (id: number) => string): [string, string] {
	const short = Math.min(a.length, b.length);
	let start = 0;
	while (start < short && a[start] === b[start]) start++;
	let end = 0;
	while (end < short - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
	const longest = Math.max(a.length, b.length);
	const cells = (ids: readonly number[]): string[] => {
		const texts = ids.map(text);
		const gap = Array<string>(longest - ids.length).fill("");
		return [...texts.slice(0, ids.length - end), ...gap, ...texts.slice(ids.length - end)];
	};
	const [left, right] = [cells(a), cells(b)];
	const widths = left.map((cell, i) => Math.max(cell.length, right[i]?.length ?? 0));
	const line = (row: readonly string[]): string =>
		row
			.map((cell, i) => (cell === "" ? "·".repeat(widths[i] as number) : cell.padEnd(widths[i] as number)))
			.join("|");
	return [line(left), line(right)];
}
