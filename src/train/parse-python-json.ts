import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { reject } from "./errors.js";
import { float, type PythonDict, type PythonValue } from "./python-json.js";

/** Longest text of settings: 1 MiB. */
const MAX_TEXT = 2 ** 20;

/**
 * Reads settings that Python's or our own `pythonJson` printed, with floats told from integers: names of runs
 * are hashes of settings as they are printed.
 * @param where what errors call the text
 * @throws {TrainError} for what is no JSON object
 */
export function parsePythonJson(text: string, where: string): PythonDict {
	if (text.length > MAX_TEXT) reject(where, `${text.length} letters, allowed up to ${MAX_TEXT} of settings`);
	// JSON is YAML, whose parser keeps how numbers were written
	const lines = new LineCounter();
	// which compares each name with all before it where it looks for equal ones
	const document = parseDocument(text, { schema: "json", lineCounter: lines, uniqueKeys: false });
	const [error] = document.errors;
	if (error) {
		const { line, col } = lines.linePos(error.pos[0]);
		reject(`${where}:${line}:${col}`, "is not JSON", error);
	}
	const { contents } = document;
	return isMap(contents) ? (toPython(contents, where) as PythonDict) : reject(where, "is no JSON object");
}

/** Numbers that Python prints and JSON has not. */
const BEYOND: Readonly<Record<string, number>> = {
	Infinity: Number.POSITIVE_INFINITY,
	"-Infinity": Number.NEGATIVE_INFINITY,
};

function toPython(node: unknown, where: string): PythonValue {
	if (isSeq(node)) return node.items.map((item) => toPython(item, where));
	if (isMap(node)) {
		const entries = node.items.map(({ key, value }) => [String(key), toPython(value, where)] as const);
		const names = new Set(entries.map(([name]) => name));
		if (names.size < entries.length) reject(where, "has the same name twice in one object");
		return Object.fromEntries(entries);
	}
	if (!isScalar(node)) return reject(where, "is not JSON");
	const { value, source = "", type } = node;
	if (typeof value === "number") return /[.eE]/.test(source) ? float(value) : value;
	if (type === "PLAIN" && source in BEYOND) return BEYOND[source] as number;
	if (value === null || typeof value === "string" || typeof value === "boolean") return value;
	return reject(where, `holds a ${typeof value}; allowed are numbers, texts, true, false, null`);
}
