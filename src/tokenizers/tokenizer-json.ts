import { type Decoder, readDecoder } from "./decoder.js";
import { asFields, asFlag, asString, checkGrowth, type Fields, readSequence, unknownType } from "./fields.js";
import { type Normalizer, readNormalizer } from "./normalizer.js";
import { type Cutting, readCutting } from "./pre-tokenizer.js";
import { show, TokenizerError } from "./tokenizer-error.js";
import { type AddedToken, readAddedTokens, readMerges, readVocab } from "./vocabulary.js";

/** The splitting model: merges of characters or bytes, or whole words. */
export interface SplittingModel {
	readonly type: "BPE" | "WordLevel";
	readonly vocab: Map<string, number>;
	readonly merges: [string, string][];
	/** What stands for text that has no token; without it such text is dropped (BPE) or refused (WordLevel). */
	readonly unk?: string;
	readonly byteFallback: boolean;
	readonly fuseUnk: boolean;
	readonly ignoreMerges: boolean;
}

/** A tokenizer.json that has been checked, in the terms of this library. */
export interface TokenizerJson {
	readonly model: SplittingModel;
	readonly added: AddedToken[];
	readonly normalizer: Normalizer | null;
	readonly cutting: Cutting;
	/** Whether tokens are spelled in the byte alphabet. */
	readonly byteLevel: boolean;
	/** Missing in word-level files, whose words are joined by spaces. */
	readonly decoder: Decoder | null;
	/** The id that the post-processor puts in front. */
	readonly front?: number;
}

/** Checks a tokenizer.json of Hugging Face tokenizers; what is not understood is refused. */
export function readTokenizerJson(value: unknown): TokenizerJson {
	const json = asFields(value, "tokenizer.json");
	const model = readModel(asFields(json.model, "model"));
	const normalizer = json.normalizer == null ? null : readNormalizer(json.normalizer);
	if (normalizer) checkGrowth(normalizer, "normalizer");
	const cutting = readCutting(json.pre_tokenizer, normalizer);
	const decoder = json.decoder == null ? null : readDecoder(json.decoder);
	if (decoder) checkGrowth(json.decoder, "decoder");
	const front = json.post_processor == null ? [] : readFront(json.post_processor, "post_processor", 0);
	if (front.length > 1)
		throw new TokenizerError("post_processor: puts two tokens in front; at most one is known");
	return {
		model,
		added: readAddedTokens(json.added_tokens, model.vocab),
		normalizer,
		cutting,
		byteLevel: hasByteLevel(cutting.cut),
		decoder,
		...(front[0] === undefined ? {} : { front: front[0] }),
	};
}

function readModel(fields: Fields): SplittingModel {
	// Early files do not name the type; merges tell.
	const type = fields.type ?? ("merges" in fields ? "BPE" : undefined);
	if (type !== "BPE" && type !== "WordLevel") throw unknownType(type, "model", ["BPE", "WordLevel"]);
	for (const key of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) {
		const got = fields[key];
		if (got) throw new TokenizerError(`model.${key}: ${show(got)}; not supported, must be empty`);
	}
	const vocab = readVocab(fields.vocab);
	const unk = fields.unk_token == null ? undefined : asString(fields.unk_token, "model.unk_token");
	if (unk !== undefined && !vocab.has(unk)) {
		throw new TokenizerError(`model.unk_token: ${show(unk)} is not in model.vocab`);
	}
	return {
		type,
		vocab,
		merges: type === "BPE" ? readMerges(fields.merges, vocab) : [],
		...(unk === undefined ? {} : { unk }),
		byteFallback: asFlag(fields.byte_fallback, false, "model.byte_fallback"),
		fuseUnk: asFlag(fields.fuse_unk, false, "model.fuse_unk"),
		ignoreMerges: asFlag(fields.ignore_merges, false, "model.ignore_merges"),
	};
}

/** The ids a post-processor puts in front of a single text. */
function readFront(value: unknown, where: string, depth: number): number[] {
	const fields = asFields(value, where);
	switch (fields.type) {
		// Only trims offsets, which are not trimmed here.
		case "ByteLevel":
			return [];
		case "Sequence":
			return readSequence(fields.processors, `${where}.processors`, depth, readFront).flat();
		case "TemplateProcessing":
			return readTemplate(fields, where);
		default:
			throw unknownType(fields.type, where, ["ByteLevel", "TemplateProcessing", "Sequence"]);
	}
}

function readTemplate(fields: Fields, where: string): number[] {
	const parts = readSequence(fields.single, `${where}.single`, 0, asFields);
	const last = parts.at(-1);
	if (parts.length > 2 || !last || !("Sequence" in last)) {
		throw new TokenizerError(
			`${where}.single: ${parts.length} parts; known: the text, or one token and the text`,
		);
	}
	return parts.slice(0, -1).map((part) => {
		const name = asString(asFields(part.SpecialToken, `${where}.single[0]`).id, `${where}.single[0].id`);
		const entry = asFields(fields.special_tokens, `${where}.special_tokens`)[name];
		const ids = asFields(entry, `${where}.special_tokens[${show(name)}]`).ids;
		const id: unknown = Array.isArray(ids) && ids.length === 1 ? ids[0] : undefined;
		if (typeof id !== "number") {
			throw new TokenizerError(`${where}.special_tokens[${show(name)}].ids: ${show(ids)}; must be one id`);
		}
		return id;
	});
}

function hasByteLevel(cut: Cutting["cut"]): boolean {
	return cut?.type === "Sequence" ? cut.pretokenizers.some(hasByteLevel) : cut?.type === "ByteLevel";
}
