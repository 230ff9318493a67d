import { bytesSource, readSafetensorsEntry, readSafetensorsHeader } from "headscope/weights";
import { type PatternSet, patternSet } from "./pattern-set.js";

/** A file's patterns, and its tokens where it brings them. */
export interface PatternFile {
	readonly patterns: PatternSet;
	/** The names of the tensors that can be shown. */
	readonly names: readonly string[];
	readonly tokens?: readonly string[];
}

/** The key of a file's own strings under which tokens stand, as a JSON list. */
const TOKENS = "tokens";

/**
 * Patterns of a safetensors file.
 * @param wanted the tensor's name; without one the first that has 2 to 4 axes
 * @throws {Error} for bytes that are no such file, a tensor that is not there, and one of another shape
 */
export async function readPatternFile(
	bytes: Uint8Array,
	file: string,
	wanted: string | null,
): Promise<PatternFile> {
	const source = bytesSource(bytes, file);
	const { entries, metadata } = await readSafetensorsHeader(source);
	const names = [...entries]
		.filter(([, { shape }]) => shape.length >= 2 && shape.length <= 4)
		.map(([n]) => n);
	const name = wanted ?? names[0];
	const entry = name === undefined ? undefined : entries.get(name);
	if (name === undefined || !entry) {
		const there = [...entries.keys()];
		const shown = there.slice(0, 8).join(", ") + (there.length > 8 ? ", ..." : "");
		throw new Error(
			wanted === null
				? `${file}: no tensor has 2 to 4 axes; there are ${shown || "none"}`
				: `${file}: no tensor "${wanted}"; there are ${shown || "none"}`,
		);
	}
	const patterns = patternSet(await readSafetensorsEntry(source, name, entry));
	const tokens = parseTokens(metadata[TOKENS]);
	return { patterns, names, ...(tokens && { tokens }) };
}

/** A JSON list of texts; undefined for anything else. */
export function parseTokens(text: string | null | undefined): readonly string[] | undefined {
	try {
		const list: unknown = JSON.parse(text ?? "");
		return Array.isArray(list) && list.every((token) => typeof token === "string") ? list : undefined;
	} catch {
		return undefined;
	}
}
