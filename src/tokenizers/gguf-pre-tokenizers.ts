import { show, TokenizerError } from "./tokenizer-error.js";

/**
 * The parts of a tokenizer.json that `tokenizer.ggml.pre` stands for. The names are llama.cpp's
 * (`llama-vocab.cpp`), the patterns those of the models' own tokenizer.json.
 */
export interface PreTokenizerKind {
	readonly normalizer: unknown;
	readonly pre_tokenizer: unknown;
	readonly ignore_merges: boolean;
	/** Whether llama.cpp adds a BOS where the file does not say. */
	readonly addsBos: boolean;
}

const byteLevel = (useRegex: boolean): unknown => ({
	type: "ByteLevel",
	add_prefix_space: false,
	use_regex: useRegex,
});

const splitAt = (regex: string): unknown => ({
	type: "Split",
	pattern: { Regex: regex },
	behavior: "Isolated",
	invert: false,
});

const sequence = (...pretokenizers: unknown[]): unknown => ({ type: "Sequence", pretokenizers });

/** The pattern of Llama 3, with how many digits stay together as its one variable. */
const words = (digits: string): unknown =>
	splitAt(
		`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
	);

const plain = { normalizer: null, ignore_merges: false, addsBos: false };
const gpt2: PreTokenizerKind = { ...plain, pre_tokenizer: byteLevel(true) };
const digitByDigit: PreTokenizerKind = {
	...plain,
	pre_tokenizer: sequence(splitAt("\\p{N}"), byteLevel(true)),
};
const llama3: PreTokenizerKind = {
	normalizer: null,
	pre_tokenizer: sequence(words("\\p{N}{1,3}"), byteLevel(false)),
	ignore_merges: true,
	addsBos: true,
};
/** Llama 3's pattern in files that do not merge whole words at once: SmolLM3 and OLMo 2. */
const llama3Pattern: PreTokenizerKind = { ...llama3, ignore_merges: false, addsBos: false };
const qwen2: PreTokenizerKind = {
	...plain,
	normalizer: { type: "NFC" },
	pre_tokenizer: sequence(words("\\p{N}"), byteLevel(false)),
};

const KINDS: ReadonlyMap<string, PreTokenizerKind> = new Map([
	["gpt-2", gpt2],
	["phi-2", gpt2],
	["olmo", gpt2],
	["smollm", digitByDigit],
	["starcoder", digitByDigit],
	["llama-bpe", llama3],
	["llama3", llama3],
	["llama-v3", llama3],
	["dbrx", llama3Pattern],
	["smaug-bpe", llama3Pattern],
	["qwen2", qwen2],
	["deepseek-r1-qwen", qwen2],
]);

/** Looks up a `tokenizer.ggml.pre`; one that is not known is refused with the list of those that are. */
export function preTokenizerKind(name: unknown): PreTokenizerKind {
	const kind = typeof name === "string" ? KINDS.get(name) : undefined;
	if (!kind) {
		throw new TokenizerError(`tokenizer.ggml.pre: ${show(name)}; known: ${[...KINDS.keys()].join(", ")}`);
	}
	return kind;
}
