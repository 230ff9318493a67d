import { asFields, asFlag, asString, type Fields, readSequence, unknownType } from "./fields.js";
import type { Normalizer } from "./normalizer.js";
import { show, TokenizerError } from "./tokenizer-error.js";

/** How a normalized text is cut before merging, in the few forms that the engine below does exactly. */
export type PreTokenizer =
	| { type: "Sequence"; pretokenizers: PreTokenizer[] }
	| { type: "ByteLevel"; add_prefix_space: false; use_regex: boolean }
	| { type: "Split"; pattern: { Regex: string }; behavior: "Isolated" | "Removed"; invert: boolean };

/** A pre-tokenizer taken apart: the cutting, and what is put in front of or into the text before it. */
export interface Cutting {
	readonly cut: PreTokenizer | null;
	/** A prefix for texts that do not start with it, and whether only for the start of the input. */
	readonly prefix?: { readonly text: string; readonly onlyFirst: boolean };
	/** The sign that stands for a space. */
	readonly space?: string;
}

const MAX_PATTERN = 4096;
/** Repeats, and things that may be left out, in one alternative of a pattern; those of models in use have two of each. */
const MAX_REPEATS = 3;
const MAX_OPTIONAL = 8;

/** Reads the `pre_tokenizer` of a tokenizer.json. */
export function readCutting(value: unknown, normalizer: Normalizer | null): Cutting {
	if (value === undefined || value === null) return { cut: null };
	const fields = asFields(value, "pre_tokenizer");
	if (fields.type === "Metaspace") return readMetaspace(fields);
	if (fields.type === "ByteLevel") {
		const prefix = asFlag(fields.add_prefix_space, true, "pre_tokenizer.add_prefix_space");
		const cut = readPart({ ...fields, add_prefix_space: false }, "pre_tokenizer");
		return prefix ? { cut, prefix: { text: " ", onlyFirst: false } } : { cut };
	}
	// Gemma cuts at spaces that its normalizer has already replaced; this cut never happens.
	if (isIdle(fields, normalizer)) return { cut: null };
	return { cut: readPart(fields, "pre_tokenizer") };
}

function readMetaspace(fields: Fields): Cutting {
	const space = asString(fields.replacement ?? "▁", "pre_tokenizer.replacement");
	if (Array.from(space.slice(0, 4)).length !== 1)
		throw new TokenizerError(`pre_tokenizer.replacement: ${show(space)}; must be one character`);
	// Files from before `prepend_scheme` say the same with `add_prefix_space`.
	const old = asFlag(fields.add_prefix_space, true, "pre_tokenizer.add_prefix_space") ? "always" : "never";
	const scheme = fields.prepend_scheme ?? old;
	if (scheme !== "always" && scheme !== "never" && scheme !== "first") {
		throw new TokenizerError(`pre_tokenizer.prepend_scheme: ${show(scheme)}; known: always, never, first`);
	}
	if (asFlag(fields.split, true, "pre_tokenizer.split")) {
		throw new TokenizerError("pre_tokenizer.split: true; a Metaspace that also cuts is not supported");
	}
	if (scheme === "never") return { cut: null, space };
	return { cut: null, space, prefix: { text: space, onlyFirst: scheme === "first" } };
}

function readPart(value: unknown, where: string, depth = 0): PreTokenizer {
	const fields = asFields(value, where);
	switch (fields.type) {
		case "Sequence": {
			const parts = readSequence(fields.pretokenizers, `${where}.pretokenizers`, depth, readPart);
			return { type: "Sequence", pretokenizers: parts };
		}
		case "ByteLevel":
			if (asFlag(fields.add_prefix_space, true, `${where}.add_prefix_space`)) {
				throw new TokenizerError(`${where}.add_prefix_space: true; inside a Sequence it must be false`);
			}
			return {
				type: "ByteLevel",
				add_prefix_space: false,
				use_regex: asFlag(fields.use_regex, true, `${where}.use_regex`),
			};
		case "Split":
			return readSplit(fields, where);
		// The next three are written as the Split they stand for: the engine's own versions look at
		// ASCII digits and letters only, where Hugging Face means all of Unicode.
		case "Digits": {
			const each = asFlag(fields.individual_digits, false, `${where}.individual_digits`);
			return split(each ? "\\p{N}" : "\\p{N}+", "Isolated", false);
		}
		case "Whitespace":
			return split("\\w+|[^\\w\\s]+", "Removed", true);
		case "WhitespaceSplit":
			return split("\\s+", "Removed", false);
		default: {
			const known = [
				"ByteLevel",
				"Split",
				"Digits",
				"Whitespace",
				"WhitespaceSplit",
				"Metaspace",
				"Sequence",
			];
			throw unknownType(fields.type, where, known);
		}
	}
}

function split(regex: string, behavior: "Isolated" | "Removed", invert: boolean): PreTokenizer {
	return { type: "Split", pattern: { Regex: regex }, behavior, invert };
}

function readSplit(fields: Fields, where: string): PreTokenizer {
	const behavior = fields.behavior;
	const invert = asFlag(fields.invert, false, `${where}.invert`);
	if (behavior !== "Removed" && (behavior !== "Isolated" || invert)) {
		const got = `${show(behavior)}${invert ? " inverted" : ""}`;
		throw new TokenizerError(`${where}.behavior: ${got}; known: Isolated, Removed, Removed inverted`);
	}
	const regex = readPattern(fields.pattern, `${where}.pattern`);
	// The engine cuts with String.split, which would keep what a capturing group matches.
	if (behavior === "Removed" && /(?<!\\)\((?!\?[:=!>]|\?<[=!])/.test(regex)) {
		throw new TokenizerError(`${where}.pattern.Regex: ${show(regex)}; a removed pattern must not capture`);
	}
	return split(regex, behavior, invert);
}

function readPattern(value: unknown, where: string): string {
	const fields = asFields(value, where);
	const key = "String" in fields ? "String" : "Regex";
	const text = asString(fields[key], `${where}.${key}`);
	if (text === "" || text.length > MAX_PATTERN) {
		throw new TokenizerError(`${where}.${key}: ${text.length} characters; must be 1 to ${MAX_PATTERN}`);
	}
	if (key === "String") return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
	const fault = backtracking(text);
	if (fault !== undefined) throw new TokenizerError(`${where}.Regex: ${show(text)}; ${fault}`);
	return text;
}

/**
 * Why a pattern may try very many ways to match a text, or undefined. A repeated group that itself repeats or chooses can
 * take time exponential in the text, and each repeat of an alternative one more power of its length.
 */
export function backtracking(pattern: string): string | undefined {
	const open: boolean[] = [];
	let closed = false;
	let [repeats, optional] = [0, 0];
	let before = "";
	// Escapes and character classes are one item each; a class may hold escapes and POSIX names.
	const items =
		pattern.match(/\\[pPxu]\{[^}]*\}|\\.|\[(?:\\.|\[:[^\]]*:\]|[^\\\]])*\]|\(\?[:=!>]|./gsu) ?? [];
	for (const item of items) {
		if (item.startsWith("(")) open.push(false);
		const repeat = item === "*" || item === "+" || item === "{";
		// behind a bracket or a repeat it says something else
		const leaveOut = item === "?" && !["(", "*", "+", "?", "}"].includes(before);
		const choice = item === "|" || leaveOut;
		if (repeat && closed) return "repeats a group that repeats something or chooses";
		if ((repeat || choice) && open.length > 0) open[open.length - 1] = true;
		if (item === "|" && open.length === 0) [repeats, optional] = [0, 0];
		if (leaveOut && ++optional > MAX_OPTIONAL)
			return `may leave out more than ${MAX_OPTIONAL} things in one alternative`;
		if (repeat && ++repeats > MAX_REPEATS) return `has more than ${MAX_REPEATS} repeats in one alternative`;
		closed = item === ")" && (open.pop() ?? false);
		if (closed && open.length > 0) open[open.length - 1] = true;
		before = item;
	}
	return undefined;
}

/** Whether a Split looks for a text that the normalizer has replaced everywhere. */
function isIdle(fields: Fields, normalizer: Normalizer | null): boolean {
	const pattern = fields.pattern;
	if (fields.type !== "Split" || typeof pattern !== "object" || pattern === null) return false;
	if (normalizer?.type !== "Replace" || !("String" in pattern)) return false;
	const gone = normalizer.pattern.String;
	return pattern.String === gone && !normalizer.content.includes(gone) && gone.length === 1;
}
