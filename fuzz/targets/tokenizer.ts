import { TokenizerError, tokenizerFromGguf, tokenizerFromJson } from "../../src/tokenizers/index.js";
import type { Target } from "../target.js";
import { type Json, jsonVariations, textOf, utf8 } from "../variations.js";

const FILES = [
	...[
		"aligned-text",
		"bytes",
		"decoder",
		"engine",
		"fields",
		"find-added",
		"gguf-pre-tokenizers",
		"normalizer",
	],
	...["place-tokens", "pre-tokenizer", "sentencepiece-merges", "tokenizer-error", "tokenizer-from-gguf"],
	...["tokenizer-from-json", "tokenizer-json", "vocabulary"],
];

/** What an input says: the files of a tokenizer, or a GGUF file's metadata; and a text for it. */
interface Input {
	readonly json?: unknown;
	readonly config?: unknown;
	readonly gguf?: unknown;
	readonly text?: unknown;
}

/** JSON of {@link Input}: the tokenizer is made, then used on the text. */
export const tokenizer: Target = {
	sources: FILES.map((file) => `src/tokenizers/${file}.ts`),
	refusals: [TokenizerError],
	longest: 3072,
	read(bytes) {
		const { json, config, gguf, text = "" } = parsed(bytes);
		const made = isObject(gguf) ? tokenizerFromGguf(gguf) : tokenizerFromJson(json, config);
		const ids = Array.from({ length: Math.min(made.vocabSize, 64) }, (_, id) => id);
		for (const id of ids) attempt(() => made.idOf(made.tokenText(id)) ?? made.displayText(id));
		attempt(() => made.decode(ids, { skipSpecial: true }));
		const words = String(text).slice(0, 200);
		attempt(() => made.encode(words, { bos: true }));
		const { ids: found, tokens, offsets } = made.encode(words);
		if (found.length !== tokens.length || found.length !== offsets.length)
			throw new Error("lists of unequal lengths");
		for (const [start, end] of offsets)
			if (!(start >= 0 && start <= end && end <= words.length))
				throw new Error(`a token at ${start}..${end}`);
		made.decode(found);
	},
	*seeds() {
		for (const one of [BYTES, PIECES, WORDS, GGUF_BYTES, GGUF_PIECES]) yield* jsonVariations(one, ODD);
		for (const [key, parts] of Object.entries(PARTS))
			for (const part of parts)
				for (const { json, text } of [BYTES, PIECES])
					for (const words of [text, "a".repeat(40)]) yield inputOf({ ...json, [key]: part }, words);
		for (const text of TEXTS) for (const { json } of [BYTES, PIECES, WORDS]) yield inputOf(json, text);
		for (const pre of ["gpt-2", "smollm", "llama-bpe", "qwen2", "other"])
			yield utf8(JSON.stringify({ ...GGUF_BYTES, gguf: { ...GGUF_BYTES.gguf, "tokenizer.ggml.pre": pre } }));
		for (const add_bos_token of [true, false]) yield inputOf(PIECES.json, "a", { add_bos_token });
		yield inputOf(PIECES.json, "a", { add_bos_token: true, bos_token: { content: "<s>" } });
	},
};

function parsed(bytes: Uint8Array): Input {
	try {
		const value: unknown = JSON.parse(textOf(bytes));
		return isObject(value) ? value : { json: value };
	} catch {
		throw new TokenizerError("tokenizer.json: is not JSON");
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A use that the tokenizer may refuse while others go on. */
function attempt(use: () => unknown): void {
	try {
		use();
	} catch (error) {
		if (!(error instanceof TokenizerError)) throw error;
	}
}

function inputOf(json: Json, text: string, config?: Json): Uint8Array {
	return utf8(JSON.stringify({ json, text, ...(config !== undefined && { config }) }));
}

const ODD: readonly Json[] = [null, true, -1, 1e99, "", "x\ny", [], {}];

const BYTES = {
	json: {
		added_tokens: [
			{
				id: 6,
				content: "<s>",
				special: true,
				lstrip: true,
				rstrip: true,
				single_word: false,
				normalized: false,
			},
			{ id: 7, content: "Ab", normalized: true },
		],
		normalizer: { type: "NFC" },
		pre_tokenizer: {
			type: "Sequence",
			pretokenizers: [
				{ type: "Split", pattern: { Regex: "\\p{N}" }, behavior: "Isolated", invert: false },
				{ type: "ByteLevel", add_prefix_space: false, use_regex: true },
			],
		},
		post_processor: {
			type: "TemplateProcessing",
			single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
			special_tokens: { "<s>": { id: "<s>", ids: [6], tokens: ["<s>"] } },
		},
		decoder: { type: "ByteLevel" },
		model: {
			type: "BPE",
			vocab: { a: 0, b: 1, ab: 2, Ġ: 3, Ã: 4, "©": 5 },
			merges: ["a b"],
			unk_token: null,
			ignore_merges: true,
		},
	},
	text: "ab <s> Abé1",
	config: { bos_token: "<s>", eos_token: { content: "<s>" }, pad_token: null, add_bos_token: true },
} as const;

const PIECES = {
	json: {
		added_tokens: [{ id: 0, content: "<s>", special: true }],
		normalizer: {
			type: "Sequence",
			normalizers: [
				{ type: "Prepend", prepend: "▁" },
				{ type: "Replace", pattern: { String: " " }, content: "▁" },
			],
		},
		decoder: {
			type: "Sequence",
			decoders: [
				{ type: "Replace", pattern: { String: "▁" }, content: " " },
				{ type: "ByteFallback" },
				{ type: "Fuse" },
				{ type: "Strip", content: " ", start: 1, stop: 0 },
			],
		},
		model: {
			type: "BPE",
			vocab: { "<s>": 0, "<unk>": 1, "▁": 2, a: 3, "▁a": 4, "<0xC3>": 5, "<0xA9>": 6, b: 7 },
			merges: [["▁", "a"]],
			unk_token: "<unk>",
			fuse_unk: true,
			byte_fallback: true,
		},
	},
	text: "a <s>aé?? b",
} as const;

const WORDS = {
	json: {
		pre_tokenizer: { type: "WhitespaceSplit" },
		model: { type: "WordLevel", vocab: { a: 0, b: 1, "[UNK]": 2 }, unk_token: "[UNK]" },
	},
	text: "a b c",
} as const;

const GGUF_BYTES = {
	gguf: {
		"tokenizer.ggml.model": "gpt2",
		"tokenizer.ggml.pre": "llama-bpe",
		"tokenizer.ggml.tokens": ["a", "b", "ab", "<s>", "Ġ"],
		"tokenizer.ggml.token_type": [1, 1, 1, 3, 4],
		"tokenizer.ggml.merges": ["a b"],
		"tokenizer.ggml.bos_token_id": 3,
		"tokenizer.ggml.eos_token_id": 3,
		"tokenizer.ggml.padding_token_id": 0,
		"tokenizer.ggml.add_eos_token": false,
	},
	text: "ab<s> ab",
} as const;

const GGUF_PIECES = {
	gguf: {
		"tokenizer.ggml.model": "llama",
		"tokenizer.ggml.tokens": ["<unk>", "<s>", "<0x0A>", "▁", "a", "▁a"],
		"tokenizer.ggml.token_type": [2, 3, 6, 1, 1, 1],
		"tokenizer.ggml.scores": [0, 0, 0, -1, -2, -3],
		"tokenizer.ggml.unknown_token_id": 0,
		"tokenizer.ggml.bos_token_id": 1,
		"tokenizer.ggml.add_space_prefix": true,
		"tokenizer.ggml.add_bos_token": true,
	},
	text: "a\na b",
} as const;

const split = (pattern: Json, behavior: string, invert: boolean): Json => ({
	type: "Split",
	pattern,
	behavior,
	invert,
});

/** A step that many of would make a text of any length. */
const doubling = { type: "Replace", pattern: { String: "a" }, content: "aa" };

/** Every kind of each part of a file. */
const PARTS: Readonly<Record<string, readonly Json[]>> = {
	normalizer: [
		...["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Nmt"].map((type) => ({ type })),
		{ type: "Strip", strip_left: false, strip_right: true },
		{ type: "Replace", pattern: { String: "ab" }, content: "é" },
		{ type: "Replace", pattern: { String: "" }, content: "é" },
		{ type: "Prepend", prepend: "▁".repeat(65) },
		{ type: "Sequence", normalizers: Array(30).fill(doubling) },
	],
	pre_tokenizer: [
		...["ByteLevel", "Metaspace", "Digits", "Whitespace", "WhitespaceSplit", "Sequence", "Bert"].map(
			(type) => ({ type }),
		),
		{ type: "ByteLevel", add_prefix_space: true },
		...["always", "never", "first", "once"].map((prepend_scheme) => ({
			type: "Metaspace",
			split: false,
			prepend_scheme,
		})),
		{ type: "Metaspace", split: false, add_prefix_space: false, replacement: "_" },
		{ type: "Metaspace", split: false, replacement: "__" },
		{ type: "Digits", individual_digits: true },
		split({ Regex: "\\s+" }, "Removed", true),
		split({ String: " " }, "Isolated", false),
		split({ String: "a.b" }, "Removed", false),
		split({ String: "" }, "Removed", false),
		split({ Regex: "(a)" }, "Removed", false),
		split({ Regex: "(a+)+" }, "Isolated", false),
		split({ Regex: "[a\\]]+|(?:b|c)?" }, "Isolated", false),
		split({ Regex: "(" }, "Isolated", false),
		split({ Regex: "(?:a|a)*c" }, "Isolated", false),
		split({ Regex: `${"a*".repeat(12)}c` }, "Isolated", false),
		split({ Regex: "a" }, "MergedWithNext", true),
		{ type: "Sequence", pretokenizers: [{ type: "ByteLevel", add_prefix_space: true }] },
	],
	decoder: [
		...["ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Strip", "CTC"].map((type) => ({ type })),
		{ type: "Metaspace", replacement: "▁", prepend_scheme: "never" },
		{ type: "Strip", content: "a", start: 1, stop: 2 },
		{ type: "Replace", pattern: { String: "" }, content: "$&" },
		{ type: "Sequence", decoders: Array(30).fill(doubling) },
	],
	post_processor: [
		{ type: "ByteLevel" },
		{ type: "Bert" },
		{ type: "Sequence", processors: [{ type: "ByteLevel" }, BYTES.json.post_processor] },
		{ type: "Sequence", processors: [BYTES.json.post_processor, BYTES.json.post_processor] },
		{ type: "TemplateProcessing", single: [{ Sequence: { id: "A" } }] },
	],
};

const TEXTS = [
	"",
	" ",
	"a".repeat(60),
	"e\u0301\u212b\ufb01 ẞİ",
	"\ud800a\udfff",
	"👩‍👩‍👧 \ufeff\u200b",
	"<s><s>  <s>\n\tAbAb ab 123",
	"ĠÃ©<0xC3><0xA9>▁",
];
