import { Tokenizer as Engine } from "@huggingface/tokenizers";
import { TokenizerError } from "./tokenizer-error.js";
import type { TokenizerJson } from "./tokenizer-json.js";

/** A piece of text as tokens of the vocabulary. */
export interface Pieces {
	readonly ids: number[];
	readonly tokens: string[];
}

/** What is left to the package: cutting and merging of normalized text. */
export interface Splitter {
	split(text: string): Pieces;
}

/**
 * Sets up @huggingface/tokenizers. It gets neither normalizer nor added tokens: both are applied before,
 * where positions in the input are still known.
 */
export function makeSplitter(json: TokenizerJson): Splitter {
	const { model } = json;
	const part = {
		type: model.type,
		vocab: Object.fromEntries(model.vocab),
		merges: model.merges,
		unk_token: model.unk,
		byte_fallback: model.byteFallback,
		fuse_unk: model.type === "BPE" && model.fuseUnk,
		ignore_merges: model.ignoreMerges,
	};
	const engine = build(json, part);
	return {
		split(text) {
			const { ids, tokens } = engine.encode(text, { add_special_tokens: false });
			const unknown = ids.findIndex((id: number | undefined) => id === undefined);
			if (unknown >= 0) {
				throw new TokenizerError(`encode: ${JSON.stringify(tokens[unknown])} is not in the vocabulary`);
			}
			return { ids, tokens };
		},
	};
}

function build(json: TokenizerJson, model: { unk_token: string | undefined }): Engine {
	const file = {
		added_tokens: [],
		normalizer: null,
		pre_tokenizer: json.cutting.cut,
		post_processor: null,
		decoder: null,
		model,
	};
	try {
		return new Engine(file, { unk_token: model.unk_token });
	} catch (error) {
		// What can still fail here is a regular expression that JavaScript cannot say.
		const reason = error instanceof Error ? error.message : String(error);
		throw new TokenizerError(`tokenizer.json: ${reason.replaceAll("\n", " ").slice(0, 200)}`);
	}
}
