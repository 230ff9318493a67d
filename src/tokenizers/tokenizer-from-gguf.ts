import { asArray, asFlag, asString, type Fields } from "./fields.js";
import { preTokenizerKind } from "./gguf-pre-tokenizers.js";
import { sentencePieceMerges } from "./sentencepiece-merges.js";
import type { Tokenizer } from "./tokenizer.js";
import { show, TokenizerError } from "./tokenizer-error.js";
import { tokenizerFromJson } from "./tokenizer-from-json.js";

const MAX_TOKENS = 1 << 22;
const MAX_MERGES = 1 << 23;

/** The kinds of `tokenizer.ggml.token_type`. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

/** What the metadata of a GGUF file says about tokens. */
interface GgufVocabulary {
	readonly tokens: string[];
	readonly types: number[];
	readonly vocab: Record<string, number>;
	readonly added: Fields[];
}

/**
 * Makes a tokenizer from the metadata of a GGUF file (its `tokenizer.ggml.*` keys), by way of the
 * tokenizer.json that says the same. Known are the models `gpt2` (byte-level BPE, cut as
 * `tokenizer.ggml.pre` names it) and `llama` (SentencePiece BPE with scores and byte fallback).
 *
 * For `llama`, pieces with equal scores may be joined in another order than SentencePiece does; in
 * vocabularies trained by SentencePiece no two have the same.
 */
export function tokenizerFromGguf(metadata: Record<string, unknown>): Tokenizer {
	const get = (key: string): unknown => metadata[`tokenizer.ggml.${key}`];
	const model = get("model");
	if (model !== "gpt2" && model !== "llama") {
		throw new TokenizerError(`tokenizer.ggml.model: ${show(model)}; known: gpt2, llama`);
	}
	const vocabulary = readVocabulary(get);
	const build = model === "gpt2" ? byteLevelJson : sentencePieceJson;
	const { json, addsBos } = build(vocabulary, get);
	const named = (key: string): string | null => {
		const id = get(key);
		if (id === undefined || id === null) return null;
		const token =
			typeof id === "number" || typeof id === "bigint" ? vocabulary.tokens[Number(id)] : undefined;
		if (token === undefined) {
			throw new TokenizerError(
				`tokenizer.ggml.${key}: ${show(id)}; ids are 0 to ${vocabulary.tokens.length - 1}`,
			);
		}
		return token;
	};
	const bos = named("bos_token_id");
	return tokenizerFromJson(json, {
		bos_token: bos,
		eos_token: named("eos_token_id"),
		pad_token: named("padding_token_id"),
		// A default of the format's, unlike what a file says, cannot ask for a token that is not there.
		add_bos_token: asFlag(get("add_bos_token"), addsBos && bos !== null, "tokenizer.ggml.add_bos_token"),
		add_eos_token: get("add_eos_token"),
	});
}

type Get = (key: string) => unknown;

function readVocabulary(get: Get): GgufVocabulary {
	const tokens = asArray(get("tokens"), "tokenizer.ggml.tokens", MAX_TOKENS).map((token, i) =>
		asString(token, `tokenizer.ggml.tokens[${i}]`),
	);
	const types = numbers(get, "token_type", tokens.length);
	const vocab = Object.create(null) as Record<string, number>;
	const added: Fields[] = [];
	tokens.forEach((content, id) => {
		const owner = vocab[content];
		if (owner !== undefined) {
			throw new TokenizerError(`tokenizer.ggml.tokens: ${show(content)} is both ${owner} and ${id}`);
		}
		vocab[content] = id;
		const special = types[id] === CONTROL || types[id] === UNKNOWN;
		if (special || types[id] === USER_DEFINED) added.push({ id, content, special, normalized: false });
	});
	return { tokens, types, vocab, added };
}

/** A list with one number per token. */
function numbers(get: Get, key: string, length: number): number[] {
	const list = asArray(get(key), `tokenizer.ggml.${key}`, MAX_TOKENS);
	if (list.length !== length) {
		throw new TokenizerError(`tokenizer.ggml.${key}: ${list.length} entries for ${length} tokens`);
	}
	return list.map((value, i) => {
		if (typeof value !== "number" || Number.isNaN(value)) {
			throw new TokenizerError(`tokenizer.ggml.${key}[${i}]: ${show(value)}; must be a number`);
		}
		return value;
	});
}

function byteLevelJson({ vocab, added }: GgufVocabulary, get: Get): { json: unknown; addsBos: boolean } {
	const kind = preTokenizerKind(get("pre"));
	const merges = asArray(get("merges"), "tokenizer.ggml.merges", MAX_MERGES);
	const json = {
		added_tokens: added,
		normalizer: kind.normalizer,
		pre_tokenizer: kind.pre_tokenizer,
		decoder: { type: "ByteLevel" },
		model: { type: "BPE", vocab, merges, ignore_merges: kind.ignore_merges },
	};
	return { json, addsBos: kind.addsBos };
}

function sentencePieceJson(vocabulary: GgufVocabulary, get: Get): { json: unknown; addsBos: boolean } {
	const { tokens, types, vocab, added } = vocabulary;
	const scores = numbers(get, "scores", tokens.length);
	const joined = sentencePieceMerges(
		tokens,
		scores,
		(i) => ![UNKNOWN, CONTROL, BYTE].includes(types[i] as number),
	);
	const prefixed = asFlag(get("add_space_prefix"), true, "tokenizer.ggml.add_space_prefix");
	const spaces = { type: "Replace", pattern: { String: " " }, content: "▁" };
	const unk = get("unknown_token_id") ?? types.indexOf(UNKNOWN);
	const text = { type: "Replace", pattern: { String: "▁" }, content: " " };
	const decoders = [text, { type: "ByteFallback" }, { type: "Fuse" }];
	const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
	const json = {
		added_tokens: added,
		normalizer: prefixed
			? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, spaces] }
			: spaces,
		pre_tokenizer: null,
		decoder: { type: "Sequence", decoders: prefixed ? [...decoders, strip] : decoders },
		model: {
			type: "BPE",
			vocab,
			merges: joined,
			unk_token: typeof unk === "number" ? tokens[unk] : undefined,
			fuse_unk: true,
			byte_fallback: types.includes(BYTE),
		},
	};
	return { json, addsBos: true };
}
