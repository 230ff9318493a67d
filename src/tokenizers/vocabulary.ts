import { asArray, asFields, asFlag, asString, type Fields } from "./fields.js";
import { show, TokenizerError } from "./tokenizer-error.js";

/** The largest vocabularies in use have some 300 000 tokens. */
const MAX_TOKENS = 1 << 22;
const MAX_MERGES = 1 << 23;
/** Ids index arrays, so a single far id must not make a huge one. */
const MAX_ID = MAX_TOKENS - 1;
const MAX_TOKEN_LENGTH = 1 << 16;

/** A token that is found in the text before anything else is done to it. */
export interface AddedToken {
	readonly id: number;
	readonly content: string;
	/** Takes the white space before it, after it. */
	readonly lstrip: boolean;
	readonly rstrip: boolean;
	/** Looked for in the normalized text instead of the text as it is. */
	readonly normalized: boolean;
	readonly special: boolean;
}

/** Reads `model.vocab`: text to id, each id once. */
export function readVocab(value: unknown): Map<string, number> {
	const fields = asFields(value, "model.vocab");
	const vocab = new Map<string, number>();
	const seen = new Set<number>();
	for (const token in fields) {
		if (vocab.size >= MAX_TOKENS) throw new TokenizerError(`model.vocab: more than ${MAX_TOKENS} tokens`);
		const where = `model.vocab[${show(token)}]`;
		const id = readId(fields[token], where);
		if (token.length > MAX_TOKEN_LENGTH) {
			throw new TokenizerError(`${where}: ${token.length} characters; at most ${MAX_TOKEN_LENGTH}`);
		}
		if (seen.has(id)) throw new TokenizerError(`${where}: id ${id} is given to two tokens`);
		seen.add(id);
		vocab.set(token, id);
	}
	if (vocab.size === 0) throw new TokenizerError("model.vocab: no tokens");
	return vocab;
}

/** Reads `model.merges` in its two forms, "a b" and ["a", "b"]; both parts and the whole must be tokens. */
export function readMerges(value: unknown, vocab: ReadonlyMap<string, number>): [string, string][] {
	return asArray(value, "model.merges", MAX_MERGES).map((merge, i) => {
		const parts: unknown = typeof merge === "string" ? merge.split(" ") : merge;
		const [left, right] = Array.isArray(parts) && parts.length === 2 ? (parts as unknown[]) : [];
		if (typeof left !== "string" || typeof right !== "string") {
			throw new TokenizerError(`model.merges[${i}]: ${show(merge)}; must be two tokens`);
		}
		const missing = [left, right, left + right].find((token) => !vocab.has(token));
		if (missing !== undefined) {
			throw new TokenizerError(`model.merges[${i}]: ${show(missing)} is not in model.vocab`);
		}
		return [left, right];
	});
}

/** Reads `added_tokens` and checks that they agree with the vocabulary about who has which id. */
export function readAddedTokens(value: unknown, vocab: ReadonlyMap<string, number>): AddedToken[] {
	const owners = new Map(Array.from(vocab, ([token, id]) => [id, token]));
	return asArray(value ?? [], "added_tokens", MAX_TOKENS).map((entry, i) => {
		const where = `added_tokens[${i}]`;
		const fields = asFields(entry, where);
		const content = asString(fields.content, `${where}.content`);
		const id = readId(fields.id, `${where}.id`);
		const owner = owners.get(id) ?? content;
		if (content === "" || content.length > MAX_TOKEN_LENGTH) {
			throw new TokenizerError(
				`${where}.content: ${content.length} characters; must be 1 to ${MAX_TOKEN_LENGTH}`,
			);
		}
		if (owner !== content || (vocab.get(content) ?? id) !== id) {
			throw new TokenizerError(`${where}: id ${id} for ${show(content)}, but it is the id of ${show(owner)}`);
		}
		owners.set(id, content);
		return { id, content, ...readAddedFlags(fields, where) };
	});
}

function readAddedFlags(fields: Fields, where: string): Omit<AddedToken, "id" | "content"> {
	if (asFlag(fields.single_word, false, `${where}.single_word`)) {
		throw new TokenizerError(`${where}.single_word: true; only false is supported`);
	}
	const special = asFlag(fields.special, false, `${where}.special`);
	return {
		special,
		lstrip: asFlag(fields.lstrip, false, `${where}.lstrip`),
		rstrip: asFlag(fields.rstrip, false, `${where}.rstrip`),
		normalized: asFlag(fields.normalized, !special, `${where}.normalized`),
	};
}

function readId(value: unknown, where: string): number {
	if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_ID) {
		throw new TokenizerError(`${where}: id ${show(value)}; must be an integer from 0 to ${MAX_ID}`);
	}
	return value;
}
