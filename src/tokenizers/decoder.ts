import { fallbackByte, fromByteAlphabet, utf8 } from "./bytes.js";
import { asFields, asString, type Fields, readSequence, unknownType } from "./fields.js";
import { show, TokenizerError } from "./tokenizer-error.js";

/** One step from tokens to text: a list of strings in, a list of strings out, joined at the end. */
export type Decoder = (tokens: readonly string[]) => string[];

const KNOWN = ["ByteLevel", "Metaspace", "Replace", "ByteFallback", "Fuse", "Strip", "Sequence"];

/**
 * Reads the `decoder` of a tokenizer.json. The steps are done here and not by @huggingface/tokenizers 0.2,
 * whose byte fallback drops U+FEFF.
 */
export function readDecoder(value: unknown, where = "decoder", depth = 0): Decoder {
	const fields = asFields(value, where);
	switch (fields.type) {
		case "ByteLevel":
			return decodeByteLevel;
		case "ByteFallback":
			return decodeByteFallback;
		case "Fuse":
			return (tokens) => [tokens.join("")];
		case "Metaspace":
			return readMetaspace(fields, where);
		case "Replace": {
			const pattern = asString(
				asFields(fields.pattern, `${where}.pattern`).String,
				`${where}.pattern.String`,
			);
			const content = asString(fields.content, `${where}.content`);
			return (tokens) => tokens.map((token) => token.replaceAll(pattern, () => content));
		}
		case "Strip":
			return readStrip(fields, where);
		case "Sequence": {
			const steps = readSequence(fields.decoders, `${where}.decoders`, depth, readDecoder);
			return (tokens) => steps.reduce((done, step) => step(done), [...tokens]);
		}
		default:
			throw unknownType(fields.type, where, KNOWN);
	}
}

/** Joins the bytes of all tokens, since a character may be spread over several of them. */
function decodeByteLevel(tokens: readonly string[]): string[] {
	const parts = tokens.map((token) => fromByteAlphabet(token) ?? utf8(token));
	const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)];
}

/** Runs of `<0xNN>` become the text they spell; a run that is no UTF-8 becomes one U+FFFD per byte. */
function decodeByteFallback(tokens: readonly string[]): string[] {
	const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	const out: string[] = [];
	let run: number[] = [];
	const flush = (): void => {
		if (run.length === 0) return;
		try {
			out.push(strict.decode(Uint8Array.from(run)));
		} catch {
			out.push("\ufffd".repeat(run.length));
		}
		run = [];
	};
	for (const token of tokens) {
		const byte = fallbackByte(token);
		if (byte !== undefined) {
			run.push(byte);
			continue;
		}
		flush();
		out.push(token);
	}
	flush();
	return out;
}

/** The sign for a space becomes one; those of the first token were put in front when encoding and go. */
function readMetaspace(fields: Fields, where: string): Decoder {
	const sign = asString(fields.replacement ?? "▁", `${where}.replacement`);
	const prefixed = (fields.prepend_scheme ?? "always") !== "never" && fields.add_prefix_space !== false;
	return (tokens) => tokens.map((token, i) => token.replaceAll(sign, i === 0 && prefixed ? "" : " "));
}

/** Takes up to `start` copies of a character off the front of each token, and up to `stop` off its end. */
function readStrip(fields: Fields, where: string): Decoder {
	const content = asString(fields.content, `${where}.content`);
	const [start, stop] = [fields.start, fields.stop].map((count) => {
		if (typeof count !== "number" || !(count >= 0)) {
			throw new TokenizerError(`${where}: strips ${show(count)} characters; must be a number from 0`);
		}
		return count;
	}) as [number, number];
	return (tokens) =>
		tokens.map((token) => {
			const chars = Array.from(token);
			let from = 0;
			let to = chars.length;
			while (from < start && chars[from] === content) from++;
			while (chars.length - to < stop && to > from && chars[to - 1] === content) to--;
			return chars.slice(from, to).join("");
		});
}
