/**
 * A whole number that Python holds as a float: it prints as 2.0, not 2. Names of runs are hashes of
 * printed settings, so the difference has to survive.
 */
export class WholeFloat {
	constructor(readonly value: number) {}
}

/** Settings as Python would hold them: JSON, with the floats marked that JavaScript cannot tell from integers. */
export type PythonValue =
	| null
	| boolean
	| number
	| string
	| WholeFloat
	| readonly PythonValue[]
	| { readonly [key: string]: PythonValue };

/** Settings by name, as Python would hold them. */
export type PythonDict = { readonly [key: string]: PythonValue };

/** A number as a Python float. */
export function float(value: number): number | WholeFloat {
	return Number.isInteger(value) ? new WholeFloat(value) : value;
}

/** The text of Python's `json.dumps(value, sort_keys=True)`. */
export function pythonJson(value: PythonValue): string {
	if (value instanceof WholeFloat) return formatFloat(value.value);
	if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : formatFloat(value);
	if (typeof value === "string") return quoteAscii(value);
	if (value === null || typeof value === "boolean") return String(value);
	if (isList(value)) return `[${value.map(pythonJson).join(", ")}]`;
	const keys = Object.keys(value).sort(byCodePoint);
	return `{${keys.map((key) => `${quoteAscii(key)}: ${pythonJson(value[key] as PythonValue)}`).join(", ")}}`;
}

/**
 * Python's `repr` of a float. Both languages print the shortest digits that read back as the same
 * number; Python goes over to an exponent below 1e-4 and from 1e16 on, and writes it with two digits.
 */
function formatFloat(value: number): string {
	if (!Number.isFinite(value)) return String(value); // NaN, Infinity, -Infinity, as json.dumps has them
	const [mantissa, exponent] = value.toExponential().split("e") as [string, string];
	const power = Number(exponent);
	if (value !== 0 && (power < -4 || power >= 16)) {
		return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
	}
	const sign = Object.is(value, -0) ? "-" : "";
	return Number.isInteger(value) ? `${sign}${BigInt(value)}.0` : String(value);
}

/** The value with floats as plain numbers. */
export function plain(value: PythonValue): unknown {
	if (value instanceof WholeFloat) return value.value;
	if (isList(value)) return value.map(plain);
	if (!isDict(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The same settings over the defaults: dictionaries merge, everything else replaces. */
export function merge(defaults: PythonDict, given: PythonDict): PythonDict {
	const merged = new Map(Object.entries(defaults));
	for (const [key, value] of Object.entries(given)) {
		const before = merged.get(key);
		merged.set(key, isDict(before) && isDict(value) ? merge(before, value) : value);
	}
	return Object.fromEntries(merged);
}

export function isDict(value: unknown): value is PythonDict {
	return (
		typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof WholeFloat)
	);
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: PythonValue): value is readonly PythonValue[] {
	return Array.isArray(value);
}

/** JSON's string with everything beyond ASCII escaped, as Python writes it. */
function quoteAscii(text: string): string {
	return JSON.stringify(text).replaceAll(
		/[\x7f-\uffff]/g,
		(unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}

/** Python orders text by code points, JavaScript by UTF-16 units: they differ beyond U+FFFF. */
function byCodePoint(a: string, b: string): number {
	const [left, right] = [[...a], [...b]];
	const at = left.findIndex((character, i) => character !== right[i]);
	if (at < 0) return left.length - right.length;
	return (left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1);
}
