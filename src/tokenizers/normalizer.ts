import { asFields, asFlag, asString, readSequence, unknownType } from "./fields.js";
import { TokenizerError } from "./tokenizer-error.js";

/** What is done to a text before it is split, as tokenizer.json writes it. */
export type Normalizer =
	| { type: "Sequence"; normalizers: Normalizer[] }
	| { type: "NFC" | "NFD" | "NFKC" | "NFKD" | "Lowercase" | "StripAccents" }
	| { type: "Strip"; strip_left: boolean; strip_right: boolean }
	| { type: "Prepend"; prepend: string }
	| { type: "Replace"; pattern: { String: string }; content: string };

const PLAIN = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"] as const;

/** Letters put in front of each part of a text; models in use put one. */
const MAX_PREPEND = 64;

/** Reads the `normalizer` of a tokenizer.json; kinds whose alignment is not known are refused. */
export function readNormalizer(value: unknown, where = "normalizer", depth = 0): Normalizer {
	const fields = asFields(value, where);
	const plain = PLAIN.find((type) => type === fields.type);
	if (plain) return { type: plain };
	switch (fields.type) {
		case "Sequence":
			return {
				type: "Sequence",
				normalizers: readSequence(fields.normalizers, `${where}.normalizers`, depth, readNormalizer),
			};
		case "Strip":
			return {
				type: "Strip",
				strip_left: asFlag(fields.strip_left, true, `${where}.strip_left`),
				strip_right: asFlag(fields.strip_right, true, `${where}.strip_right`),
			};
		case "Prepend": {
			const prepend = asString(fields.prepend, `${where}.prepend`);
			if (prepend.length > MAX_PREPEND)
				throw new TokenizerError(`${where}.prepend: ${prepend.length} letters; at most ${MAX_PREPEND}`);
			return { type: "Prepend", prepend };
		}
		case "Replace": {
			const pattern = asFields(fields.pattern, `${where}.pattern`);
			const text = asString(pattern.String, `${where}.pattern.String`);
			if (text === "") throw new TokenizerError(`${where}.pattern.String: ""; must not be empty`);
			return {
				type: "Replace",
				pattern: { String: text },
				content: asString(fields.content, `${where}.content`),
			};
		}
		default:
			throw unknownType(fields.type, where, [...PLAIN, "Strip", "Prepend", "Replace", "Sequence"]);
	}
}
