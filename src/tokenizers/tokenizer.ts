/** A text as a model reads it. The three lists have one entry per token. */
export interface Encoding {
	readonly ids: number[];
	/**
	 * The text each token stands for. Where a token covers whole characters of the input this is
	 * `text.slice(start, end)` of its offsets; a token that is only a part of a character, or that the
	 * tokenizer put in (a BOS, the space some tokenizers write in front), shows as `tokenText` gives it.
	 */
	readonly tokens: string[];
	/**
	 * `[start, end)` of each token in the input, in UTF-16 code units, so that `text.slice(start, end)` works.
	 * Tokens that are parts of one character all carry the range of that character, and a space that the
	 * tokenizer puts in front carries the range of the character after it, as Hugging Face gives them.
	 * A BOS that is added has [0, 0].
	 *
	 * Hugging Face counts code points and, for tokenizers that ask for it (`trim_offsets`), leaves the space
	 * before a word out; here offsets are never trimmed. Where a normalizer changes the text, each of its
	 * characters keeps the range of what it came from; one that is composed of several (NFC) has the range of
	 * the first, and what a normalizer or pre-tokenizer removes belongs to no token.
	 */
	readonly offsets: (readonly [number, number])[];
	/** Whether a BOS was put in front. */
	readonly bos: boolean;
}

/** Text to token ids and back, for one model. */
export interface Tokenizer {
	/** One more than the largest id: the ids are 0 .. vocabSize - 1. A model's table can have more rows. */
	readonly vocabSize: number;
	readonly bosId?: number;
	readonly eosId?: number;
	readonly padId?: number;
	/** Whether the model's own tokenizer puts a BOS in front by itself. */
	readonly addsBos: boolean;
	/**
	 * Splits a text into tokens. Names of special tokens inside the text become these tokens.
	 * Text that the vocabulary cannot spell is left out by BPE without an unknown token (as Hugging Face does)
	 * and an error in word-level vocabularies.
	 *
	 * @param options.bos Whether to put a BOS in front; default `addsBos`. An error where no BOS is known.
	 */
	encode(text: string, options?: { bos?: boolean }): Encoding;
	/**
	 * The text of a list of ids; bytes that are no UTF-8 become U+FFFD.
	 *
	 * @param options.skipSpecial Whether to leave special tokens out; default false. An unknown id is an error.
	 */
	decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
	/**
	 * The text of one token, with its spaces: `" the"`, a special token's name, and `\xF0\x9F` for bytes
	 * that are no whole character.
	 */
	tokenText(id: number): string;
	/** `tokenText` with white space made visible, for labels: `"·the"`, `"↵"`, `"⇥"`; other controls as `\u{200b}`. */
	displayText(id: number): string;
	/** The id of a token given by its text (`" the"`) or by the vocabulary's own spelling (`"Ġthe"`, `"▁the"`). */
	idOf(token: string): number | undefined;
}
