import type { AlignedText } from "./aligned-text.js";
import { byteToChar, fallbackByte, fromByteAlphabet, utf8 } from "./bytes.js";

/** Where a token is in the input. */
export interface Place {
	readonly start: number;
	readonly end: number;
	/** Whether no other token shares a character with it, so that the input between start and end is its text. */
	readonly whole: boolean;
}

/** How the tokens of a vocabulary are spelled. */
export interface Spelling {
	readonly byteLevel: boolean;
	readonly byteFallback: boolean;
	/** The token for what has no token, and whether one may stand for several characters. */
	readonly unk: string | undefined;
	readonly fuseUnk: boolean;
	/** Whether a token is in the vocabulary. */
	has(token: string): boolean;
}

/**
 * Finds the place of each token of a normalized text by walking through its bytes: a token takes as many
 * bytes as it spells. Bytes that no token spells (white space dropped by a pre-tokenizer, characters without
 * a token) are stepped over.
 */
export function placeTokens(text: AlignedText, tokens: readonly string[], spelling: Spelling): Place[] {
	const { bytes, owner } = flatten(text);
	const spellings = tokens.map((token) => spellingsOf(token, spelling));
	let at = 0;
	return tokens.map((token, i) => {
		let from = at;
		let length = lengthAt(i, at);
		if (length === 0 && token === spelling.unk) {
			const [start, end] = unknownAt(at);
			from = start;
			length = end - start;
		}
		// Stepping over is rare and moves `at` forward for good, so this stays linear in the text.
		while (length === 0 && from < bytes.length) length = lengthAt(i, ++from);
		// Not found: only where the file contradicts itself. The token gets an empty place here.
		if (length === 0) return { start: startOf(at), end: startOf(at), whole: false };
		at = from + length;
		return placeOf(from, at);
	});

	/** How many bytes token i takes if the text goes on with it at a byte, else 0. */
	function lengthAt(i: number, byte: number): number {
		return spellings[i]?.find((wanted) => wanted.every((value, k) => bytes[byte + k] === value))?.length ?? 0;
	}

	/** Where the next text without a token starts and ends: one character (byte), or with `fuseUnk` a run. */
	function unknownAt(after: number): [number, number] {
		let from = after;
		while (from < bytes.length && isKnown(from)) from = nextUnit(from);
		let to = nextUnit(from);
		while (spelling.fuseUnk && to < bytes.length && !isKnown(to)) to = nextUnit(to);
		return [from, Math.min(to, bytes.length)];
	}

	function isKnown(byte: number): boolean {
		const unit = spelling.byteLevel ? byteToChar(bytes[byte] as number) : text.chars[owner[byte] as number];
		return spelling.has(unit as string);
	}

	/** The next byte (byte-level) or the first byte of the next character. */
	function nextUnit(byte: number): number {
		let next = byte + 1;
		while (!spelling.byteLevel && next < bytes.length && owner[next] === owner[byte]) next++;
		return next;
	}

	function startOf(byte: number): number {
		const char = owner[byte];
		return char === undefined ? (text.ends.at(-1) ?? 0) : (text.starts[char] as number);
	}

	function placeOf(from: number, to: number): Place {
		const first = owner[from] as number;
		const last = owner[to - 1] as number;
		const whole = !sharesSource(owner[from - 1], first) && !sharesSource(last, owner[to]);
		return { start: text.starts[first] as number, end: text.ends[last] as number, whole };
	}

	/** Whether two neighbours come from the same character of the input. */
	function sharesSource(left: number | undefined, right: number | undefined): boolean {
		return left !== undefined && right !== undefined && text.starts[left] === text.starts[right];
	}
}

/** The byte strings a token can stand for: one, or two where `<0x41>` may be a byte or be meant as it reads. */
function spellingsOf(token: string, { byteLevel, byteFallback }: Spelling): Uint8Array[] {
	const read = (byteLevel ? fromByteAlphabet(token) : undefined) ?? utf8(token);
	const byte = byteFallback ? fallbackByte(token) : undefined;
	return byte === undefined ? [read] : [Uint8Array.of(byte), read];
}

/** The UTF-8 bytes of a text and, for each, the index of its character. */
function flatten(text: AlignedText): { bytes: Uint8Array; owner: Uint32Array } {
	const parts = text.chars.map(utf8);
	const size = parts.reduce((sum, part) => sum + part.length, 0);
	const bytes = new Uint8Array(size);
	const owner = new Uint32Array(size);
	let at = 0;
	parts.forEach((part, char) => {
		bytes.set(part, at);
		owner.fill(char, at, at + part.length);
		at += part.length;
	});
	return { bytes, owner };
}
