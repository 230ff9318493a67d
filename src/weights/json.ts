import { messageOf, refuse } from "./errors.js";
import { type FileRef, withSource } from "./open-source.js";

/** Longest JSON file that is read: 64 MiB; the largest tokenizer.json in use (Gemma 3) has 33 MB. */
export const MAX_JSON_FILE = 64 * 2 ** 20;

/** Bytes as text; anything that is not UTF-8 is refused. */
export function decodeUtf8(bytes: Uint8Array, where: string, what = "the text"): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return refuse(where, `${what} is not UTF-8`);
	}
}

/** Parses JSON, with errors on one line. NaN and Infinity, which Python writes, are not JSON and refused. */
export function parseJson(text: string, where: string, what = "the text"): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		return refuse(where, `${what} is not JSON: ${messageOf(error)}`);
	}
}

/** Reads a whole JSON file. */
export async function readJson(ref: FileRef, options: { fetch?: typeof fetch } = {}): Promise<unknown> {
	return withSource(ref, options, async (source) => {
		const size = await source.size();
		if (size > MAX_JSON_FILE) refuse(source.name, `${size} bytes of JSON, allowed up to ${MAX_JSON_FILE}`);
		return parseJson(decodeUtf8(await source.read(0, size), source.name), source.name);
	});
}

/**
 * How many `"name":` the text of valid JSON has. `JSON.parse` keeps the last of two equal names
 * without a word; a count higher than that of the parsed names tells.
 */
export function countNames(json: string): number {
	let count = 0;
	for (let at = json.indexOf('"'); at >= 0; at = json.indexOf('"', at + 1)) {
		at++;
		while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
		let after = at + 1;
		while (" \t\r\n".includes(json[after] ?? "x")) after++;
		if (json[after] === ":") count++;
	}
	return count;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
