const encoder = new TextEncoder();

/** UTF-8 bytes; a lone surrogate becomes the bytes of U+FFFD, as in every encoder. */
export function utf8(text: string): Uint8Array {
	return encoder.encode(text);
}

/**
 * The alphabet of byte-level BPE: one printable character per byte. Printable Latin-1 bytes stand for
 * themselves, the other 68 are numbered from U+0100 on (GPT-2, Radford et al. 2019, `encoder.py`).
 */
const BYTE_TO_CHAR: readonly string[] = (() => {
	let next = 0x100;
	return Array.from({ length: 256 }, (_, byte) => {
		const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
		return String.fromCharCode(printable ? byte : next++);
	});
})();

const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(BYTE_TO_CHAR.map((char, byte) => [char, byte]));

export function byteToChar(byte: number): string {
	return BYTE_TO_CHAR[byte] as string;
}

/** A text in the spelling of byte-level vocabularies: `" the"` gives `"Ġthe"`. */
export function toByteAlphabet(text: string): string {
	return Array.from(utf8(text), byteToChar).join("");
}

/** The bytes a byte-level token stands for, or undefined where it has a character outside the alphabet. */
export function fromByteAlphabet(token: string): Uint8Array | undefined {
	const bytes = new Uint8Array(token.length);
	for (let i = 0; i < token.length; i++) {
		const byte = CHAR_TO_BYTE.get(token[i] as string);
		if (byte === undefined) return undefined;
		bytes[i] = byte;
	}
	return bytes;
}

/** The byte of a byte-fallback token such as `<0x0A>`, or undefined for any other token. */
export function fallbackByte(token: string): number | undefined {
	return /^<0x[0-9A-F]{2}>$/.test(token) ? Number.parseInt(token.slice(3, 5), 16) : undefined;
}

/** Bytes as text, with each byte that is no part of a whole character as `\xNN`. */
export function showBytes(bytes: Uint8Array): string {
	let out = "";
	for (let i = 0; i < bytes.length; ) {
		const length = sequenceLength(bytes[i] as number);
		const char = decodeStrictly(bytes.subarray(i, i + length));
		out += char ?? `\\x${hex(bytes[i] as number, 2)}`;
		i += char === undefined ? 1 : length;
	}
	return out;
}

/** White space and other invisible characters made visible, one sign for each. */
export function showSpaces(text: string): string {
	return text.replace(/[\s\p{C}\p{Z}]|\u034f|[\ufe00-\ufe0f]/gu, (char) => {
		const sign = SIGNS[char];
		return sign ?? `\\u{${(char.codePointAt(0) as number).toString(16)}}`;
	});
}

const SIGNS: Readonly<Record<string, string>> = { " ": "·", "\n": "↵", "\t": "⇥", "\r": "␍" };

function hex(value: number, digits: number): string {
	return value.toString(16).toUpperCase().padStart(digits, "0");
}

/** How many bytes the character takes that starts with this byte; 1 for bytes that start none. */
function sequenceLength(first: number): number {
	if (first >= 0xf0) return 4;
	if (first >= 0xe0) return 3;
	return first >= 0xc0 ? 2 : 1;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeStrictly(bytes: Uint8Array): string | undefined {
	try {
		return strict.decode(bytes);
	} catch {
		return undefined;
	}
}
