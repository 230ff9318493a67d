import type { PromptLook } from "../../../service/methods/look.js";
import { decimals } from "../../draw/decimals.js";
import { valueAt } from "../../draw/draw-pattern.js";
import { type Heads, largestPlaces, lineOf, matrixOf, type Patterns, type Place, sidesOf } from "./heads.js";

/** Keys or queries that a line names. */
const NAMED = 3;

/** What a matrix has at a place, in words: a cell's value, where a query looks, or who looks at a key. */
export function readoutOf(heads: Heads, name: string): string {
	const [patterns, look] = [heads.patterns.value, heads.look.value];
	const { query, key } = heads.place.value;
	if (!patterns || !look) return "";
	if (query === null && key === null)
		return "Point at a token or a cell to read its values; click to lock it.";
	if (query !== null && key !== null && heads.pointed.value !== null)
		return `query ${quoted(patterns, query)} -> key ${quoted(patterns, key)}: ${cellOf(look, name, query, key)}`;
	const matrix = matrixOf(patterns, name);
	if (!matrix) return "";
	const line = (place: Place): string => {
		const values = lineOf(matrix, place);
		const best = largestPlaces(values, NAMED).map(
			(at) => `${quoted(patterns, at)} ${decimals(values[at] as number, 2)}`,
		);
		return best.length > 0 ? best.join(", ") : "nothing";
	};
	const parts: string[] = [];
	if (query !== null) parts.push(`query ${quoted(patterns, query)} looks at ${line({ query, key: null })}`);
	if (key !== null) parts.push(`key ${quoted(patterns, key)} is looked at by ${line({ query: null, key })}`);
	return parts.join("; ");
}

/** A cell's value, or that of both models where there are changes. */
function cellOf(look: PromptLook, name: string, query: number, key: number): string {
	const { clean, changed } = sidesOf(look, name);
	if (!clean) return "";
	const before = valueAt(clean, query, key);
	if (!changed) return decimals(before, 2);
	const after = valueAt(changed, query, key);
	return `clean ${decimals(before, 2)}, changed ${decimals(after, 2)}, difference ${decimals(after - before, 2)}`;
}

/** A token as it stands in the text, in quotes; what cannot be seen as its sign. */
export function quoted({ tokens }: Patterns, at: number): string {
	const { text = "", shown = "" } = tokens[at] ?? {};
	return `'${/^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(text) ? text : shown}'`;
}
