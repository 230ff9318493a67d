import { type AlignedText, alignedSlice, normalizeAligned, prepend, replace } from "./aligned-text.js";
import { fallbackByte, fromByteAlphabet, showBytes, showSpaces, toByteAlphabet } from "./bytes.js";
import { makeSplitter, type Splitter } from "./engine.js";
import { asFields, asFlag } from "./fields.js";
import { addedFinder, type Section } from "./find-added.js";
import { placeTokens, type Spelling } from "./place-tokens.js";
import type { Encoding, Tokenizer } from "./tokenizer.js";
import { show, TokenizerError } from "./tokenizer-error.js";
import { readTokenizerJson, type TokenizerJson } from "./tokenizer-json.js";
import type { AddedToken } from "./vocabulary.js";

/**
 * Makes a tokenizer from the parsed `tokenizer.json` of a model and, if there is one, its parsed
 * `tokenizer_config.json`, which names the special tokens and says whether a BOS is added. Known are BPE
 * (byte-level, or SentencePiece-style with `▁` and byte fallback) and WordLevel; anything in the file that
 * is not understood is a `TokenizerError`.
 */
export function tokenizerFromJson(tokenizerJson: unknown, tokenizerConfig?: unknown): Tokenizer {
	return new JsonTokenizer(
		readTokenizerJson(tokenizerJson),
		asFields(tokenizerConfig ?? {}, "tokenizer_config.json"),
	);
}

class JsonTokenizer implements Tokenizer {
	readonly vocabSize: number;
	readonly bosId?: number;
	readonly eosId?: number;
	readonly padId?: number;
	readonly addsBos: boolean;
	readonly #json: TokenizerJson;
	readonly #splitter: Splitter;
	readonly #spelling: Spelling;
	readonly #tokens: readonly (string | undefined)[];
	readonly #added: ReadonlyMap<number, AddedToken>;
	readonly #ids: ReadonlyMap<string, number>;
	readonly #findRaw: (text: string) => Section[];
	readonly #findNormalized: (text: string) => Section[];

	constructor(json: TokenizerJson, config: Readonly<Record<string, unknown>>) {
		this.#json = json;
		const { model, added, normalizer } = json;
		const ids = new Map(model.vocab);
		for (const token of added) ids.set(token.content, token.id);
		const tokens: (string | undefined)[] = [];
		for (const [token, id] of ids) tokens[id] = token;
		this.#ids = ids;
		this.#tokens = tokens;
		this.#added = new Map(added.map((token) => [token.id, token]));
		this.vocabSize = tokens.length;

		const late = (token: AddedToken): boolean => token.normalized && normalizer !== null;
		this.#findRaw = addedFinder(added.filter((token) => !late(token)));
		this.#findNormalized = addedFinder(
			added
				.filter(late)
				.map((token) => ({ ...token, content: this.#normalize(token.content).chars.join("") })),
		);
		this.#splitter = makeSplitter(json);
		const { byteLevel } = json;
		this.#spelling = {
			byteLevel,
			byteFallback: model.byteFallback,
			unk: model.unk,
			fuseUnk: model.fuseUnk,
			has: (token) => model.vocab.has(token),
		};

		const named = (key: string): number | undefined => {
			const entry = config[key];
			const name = typeof entry === "object" && entry !== null ? asFields(entry, key).content : entry;
			return typeof name === "string" ? ids.get(name) : undefined;
		};
		if (json.front !== undefined && tokens[json.front] === undefined) {
			throw new TokenizerError(`post_processor: puts id ${json.front} in front, which no token has`);
		}
		if (asFlag(config.add_eos_token, false, "tokenizer_config.json add_eos_token")) {
			throw new TokenizerError(
				"tokenizer_config.json add_eos_token: true; a token at the end is not supported",
			);
		}
		// The configuration overrides the post-processor, as in transformers.
		this.addsBos = asFlag(
			config.add_bos_token,
			json.front !== undefined,
			"tokenizer_config.json add_bos_token",
		);
		const bosId = json.front ?? named("bos_token");
		const eosId = named("eos_token");
		const padId = named("pad_token");
		if (bosId !== undefined) this.bosId = bosId;
		if (eosId !== undefined) this.eosId = eosId;
		if (padId !== undefined) this.padId = padId;
		if (this.addsBos && bosId === undefined) {
			throw new TokenizerError(
				"tokenizer_config.json add_bos_token: true, but bos_token names no known token",
			);
		}
	}

	encode(text: string, options: { bos?: boolean } = {}): Encoding {
		const bos = options.bos ?? this.addsBos;
		const out = {
			ids: [] as number[],
			tokens: [] as string[],
			offsets: [] as (readonly [number, number])[],
			bos,
		};
		const put = (id: number, token: string, start: number, end: number): void => {
			out.ids.push(id);
			out.tokens.push(token);
			out.offsets.push([start, end]);
		};
		if (bos) {
			if (this.bosId === undefined) {
				throw new TokenizerError(
					"encode: bos asked for, but no bos_token is known; it comes from tokenizer_config.json",
				);
			}
			put(this.bosId, this.tokenText(this.bosId), 0, 0);
		}
		const putAdded = (token: AddedToken, start: number, end: number): void =>
			put(token.id, text.slice(start, end), start, end);
		for (const section of this.#findRaw(text)) {
			if (section.added) {
				putAdded(section.added, section.start, section.end);
				continue;
			}
			const normalized = this.#normalize(text, section.start, section.end);
			for (const part of this.#cutNormalized(normalized)) {
				if (part.added) {
					putAdded(part.added, part.text.starts[0] ?? 0, part.text.ends.at(-1) ?? 0);
					continue;
				}
				const spelled = this.#prefix(part.text);
				const { ids, tokens } = this.#splitter.split(spelled.chars.join(""));
				placeTokens(spelled, tokens, this.#spelling).forEach(({ start, end, whole }, i) => {
					const id = ids[i] as number;
					put(id, whole ? text.slice(start, end) : this.tokenText(id), start, end);
				});
			}
		}
		return out;
	}

	decode(ids: readonly number[], options: { skipSpecial?: boolean } = {}): string {
		const tokens = ids.map((id) => this.#token(id, "decode"));
		const kept = tokens.filter(
			(_, i) => !(options.skipSpecial && this.#added.get(ids[i] as number)?.special),
		);
		const { decoder } = this.#json;
		return decoder ? decoder(kept).join("") : kept.join(" ");
	}

	tokenText(id: number): string {
		const token = this.#token(id, "tokenText");
		if (this.#added.has(id)) return token;
		if (this.#json.byteLevel) {
			const bytes = fromByteAlphabet(token);
			return bytes ? showBytes(bytes) : token;
		}
		const byte = this.#json.model.byteFallback ? fallbackByte(token) : undefined;
		if (byte !== undefined) return showBytes(Uint8Array.of(byte));
		const space = this.#space();
		return space === undefined ? token : token.replaceAll(space, " ");
	}

	displayText(id: number): string {
		return showSpaces(this.tokenText(id));
	}

	idOf(token: string): number | undefined {
		const space = this.#space();
		const spelled = this.#json.byteLevel
			? toByteAlphabet(token)
			: space
				? token.replaceAll(" ", space)
				: token;
		const found = this.#ids.get(token);
		if (found !== undefined && this.#added.has(found)) return found;
		return this.#ids.get(spelled) ?? found;
	}

	#token(id: number, where: string): string {
		const token = this.#tokens[id];
		if (token === undefined) {
			throw new TokenizerError(`${where}: no token has id ${show(id)}; ids are 0 to ${this.vocabSize - 1}`);
		}
		return token;
	}

	#normalize(text: string, start = 0, end = text.length): AlignedText {
		const plain = alignedSlice(text, start, end);
		return this.#json.normalizer ? normalizeAligned(plain, this.#json.normalizer) : plain;
	}

	/** Cuts at the added tokens that are looked for in the normalized text. */
	#cutNormalized(text: AlignedText): { text: AlignedText; added?: AddedToken }[] {
		const parts: { text: AlignedText; added?: AddedToken }[] = [];
		let char = 0;
		let at = 0;
		for (const { end, added } of this.#findNormalized(text.chars.join(""))) {
			const from = char;
			while (at < end) at += (text.chars[char++] as string).length;
			const part = {
				chars: text.chars.slice(from, char),
				starts: text.starts.slice(from, char),
				ends: text.ends.slice(from, char),
			};
			parts.push(added ? { text: part, added } : { text: part });
		}
		return parts;
	}

	/** What pre-tokenizers put in front of a text and for its spaces. */
	#prefix(text: AlignedText): AlignedText {
		const { prefix, space } = this.#json.cutting;
		const spelled = space === undefined ? text : replace(text, " ", space);
		if (!prefix || spelled.chars[0] === prefix.text) return spelled;
		return prefix.onlyFirst && spelled.starts[0] !== 0 ? spelled : prepend(spelled, prefix.text);
	}

	/** The sign that stands for a space in this vocabulary, if any does. */
	#space(): string | undefined {
		const { cutting, normalizer } = this.#json;
		if (cutting.space !== undefined || !normalizer) return cutting.space;
		const steps = normalizer.type === "Sequence" ? normalizer.normalizers : [normalizer];
		for (const step of steps) if (step.type === "Replace" && step.pattern.String === " ") return step.content;
		return undefined;
	}
}
