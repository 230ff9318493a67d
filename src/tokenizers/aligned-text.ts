import type { Normalizer } from "./normalizer.js";

/**
 * A text after normalization that remembers where each of its characters (code points) came from:
 * character i of `chars` stands for `[starts[i], ends[i])` of the input, in UTF-16 code units.
 */
export interface AlignedText {
	chars: string[];
	starts: number[];
	ends: number[];
}

/** A part of the input as it is, each character at its own place. */
export function alignedSlice(text: string, start: number, end: number): AlignedText {
	const out: AlignedText = { chars: [], starts: [], ends: [] };
	let at = start;
	for (const char of text.slice(start, end)) {
		push(out, char, at, at + char.length);
		at += char.length;
	}
	return out;
}

/**
 * Applies a normalizer and keeps the alignment, by the rules of Hugging Face tokenizers: a character put in
 * has the range of its neighbour, a composed one that of its first source, a removed one belongs to none.
 */
export function normalizeAligned(text: AlignedText, normalizer: Normalizer): AlignedText {
	switch (normalizer.type) {
		case "Sequence":
			return normalizer.normalizers.reduce(normalizeAligned, text);
		case "NFC":
		case "NFD":
		case "NFKC":
		case "NFKD":
			return unicode(text, normalizer.type);
		case "Lowercase":
			return lowercase(text);
		case "StripAccents":
			return filter(text, (char) => !/^\p{M}$/u.test(char));
		case "Strip":
			return strip(text, normalizer.strip_left, normalizer.strip_right);
		case "Prepend":
			return prepend(text, normalizer.prepend);
		case "Replace":
			return replace(text, normalizer.pattern.String, normalizer.content);
	}
}

/** Puts a text in front; it has the range of the first character. An empty text stays empty. */
export function prepend(text: AlignedText, prefix: string): AlignedText {
	const [start, end] = [text.starts[0], text.ends[0]];
	if (start === undefined || end === undefined) return text;
	const chars = Array.from(prefix);
	return {
		chars: [...chars, ...text.chars],
		starts: [...chars.map(() => start), ...text.starts],
		ends: [...chars.map(() => end), ...text.ends],
	};
}

/** Replaces each occurrence; what is put in has the range of what it replaces. */
export function replace(text: AlignedText, pattern: string, content: string): AlignedText {
	const wanted = Array.from(pattern);
	const inserted = Array.from(content);
	const out: AlignedText = { chars: [], starts: [], ends: [] };
	for (let i = 0; i < text.chars.length; ) {
		const found = wanted.every((char, k) => text.chars[i + k] === char);
		const from = text.starts[i] as number;
		const to = text.ends[found ? i + wanted.length - 1 : i] as number;
		if (found) for (const char of inserted) push(out, char, from, to);
		else push(out, text.chars[i] as string, from, to);
		i += found ? wanted.length : 1;
	}
	return out;
}

/**
 * Unicode normal forms. Decomposing acts on each character by itself, so that the source and the result
 * decompose to the same number of characters: counting them tells where each result character began.
 */
function unicode(text: AlignedText, form: "NFC" | "NFD" | "NFKC" | "NFKD"): AlignedText {
	const decomposed = form.includes("K") ? "NFKD" : "NFD";
	const parts = (char: string): number => Array.from(char.normalize(decomposed)).length;
	const source = text.chars.join("");
	const result = source.normalize(form);
	if (result === source) return text;
	const sourceOf: number[] = [];
	text.chars.forEach((char, i) => {
		for (let n = parts(char); n > 0; n--) sourceOf.push(i);
	});
	const out: AlignedText = { chars: [], starts: [], ends: [] };
	let part = 0;
	for (const char of result) {
		const i = sourceOf[part] as number;
		push(out, char, text.starts[i] as number, text.ends[i] as number);
		part += parts(char);
	}
	return out;
}

/** Lower case of each character by itself: no final sigma, `İ` becomes two characters. */
function lowercase(text: AlignedText): AlignedText {
	const out: AlignedText = { chars: [], starts: [], ends: [] };
	text.chars.forEach((char, i) => {
		for (const lower of char.toLowerCase())
			push(out, lower, text.starts[i] as number, text.ends[i] as number);
	});
	return out;
}

function strip(text: AlignedText, left: boolean, right: boolean): AlignedText {
	let from = 0;
	let to = text.chars.length;
	while (left && from < to && (text.chars[from] as string).trim() === "") from++;
	while (right && to > from && (text.chars[to - 1] as string).trim() === "") to--;
	return filter(text, (_, i) => i >= from && i < to);
}

function filter(text: AlignedText, keep: (char: string, index: number) => boolean): AlignedText {
	const out: AlignedText = { chars: [], starts: [], ends: [] };
	text.chars.forEach((char, i) => {
		if (keep(char, i)) push(out, char, text.starts[i] as number, text.ends[i] as number);
	});
	return out;
}

function push(out: AlignedText, char: string, start: number, end: number): void {
	out.chars.push(char);
	out.starts.push(start);
	out.ends.push(end);
}
