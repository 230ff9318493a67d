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
	const [first, shown] = aligned(left, right, (id) => textOf(model, id));
	reject(
		"clean",
		`${which}${left.length} tokens, but the corrupted prompt has ${right.length}, and both need as many; from position ${first} on: clean ${shown[0]}, corrupt ${shown[1]}`,
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

/** Tokens shown before the place where two rows part, and in all. */
const BEFORE = 3;
const SHOWN = 12;

/**
 * Two rows of tokens around the place where they part: equal beginnings and ends under each other, the gap in the shorter
 * one filled with dots. With the position that is shown first.
 */
export function aligned(
	a: readonly number[],
	b: readonly number[],
	text: (id: number) => string,
): [number, [string, string]] {
	const short = Math.min(a.length, b.length);
	let start = 0;
	while (start < short && a[start] === b[start]) start++;
	let end = 0;
	while (end < short - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
	const longest = Math.max(a.length, b.length);
	const first = Math.max(0, start - BEFORE);
	const line = (ids: readonly number[]): string => {
		const texts = ids.map((id) => JSON.stringify(text(id)));
		const gap = Array<string>(longest - ids.length).fill("·");
		const cells = [...texts.slice(0, ids.length - end), ...gap, ...texts.slice(ids.length - end)];
		return `${cells.slice(first, first + SHOWN).join(" ")}${longest > first + SHOWN ? " …" : ""}`;
	};
	return [first, [line(a), line(b)]];
}
