import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { beforeAll, describe, expect, test } from "vitest";
import { type Tokenizer, tokenizerFromGguf, tokenizerFromJson } from "../../src/tokenizers/index.js";
import { inCodePoints, references, tokenizerFiles } from "./references.js";

/** SmolLM2-135M-Instruct as a GGUF file, where it has been fetched. */
const folder = join(import.meta.dirname, "../../.cache/models/smollm2-135m");
const file = existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith(".gguf")) : undefined;

/** GGUF metadata with the vocabulary of a tokenizer.json, as a conversion would write it. */
function metadataOf(name: string): Record<string, unknown> {
	const { json } = tokenizerFiles(name);
	const { model, added_tokens } = json as {
		model: { vocab: Record<string, number>; merges: unknown[] };
		added_tokens: { id: number; content: string }[];
	};
	const tokens: string[] = [];
	for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
	for (const { id, content } of added_tokens) tokens[id] = content;
	const added = new Set(added_tokens.map(({ id }) => id));
	const typeOf = (token: string, id: number): number => {
		if (added.has(id)) return token === "<unk>" ? 2 : 3;
		return /^<0x..>$/.test(token) ? 6 : 1;
	};
	return {
		"tokenizer.ggml.tokens": tokens,
		"tokenizer.ggml.merges": model.merges.map((merge) => (Array.isArray(merge) ? merge.join(" ") : merge)),
		"tokenizer.ggml.token_type": tokens.map(typeOf),
		// SentencePiece's BPE trainer scores a piece by how early it was merged, which is its place in the list;
		// the runs of spaces that were added to Llama's list by hand come after all others.
		"tokenizer.ggml.scores": tokens.map((token, id) => (/^▁▁+$/.test(token) ? -1e6 - id : -id)),
		"tokenizer.ggml.bos_token_id": 1,
		"tokenizer.ggml.eos_token_id": 2,
	};
}

function expectLikeReference(tokenizer: Tokenizer, name: string): void {
	const { cases } = references.tokenizers[name] ?? { cases: [] };
	expect(cases.length).toBe(references.texts.length);
	const got = references.texts.map((text) => {
		const encoding = tokenizer.encode(text, { bos: false });
		return {
			text,
			ids: encoding.ids,
			offsets: inCodePoints(text, encoding.offsets),
			decoded: tokenizer.decode(encoding.ids),
		};
	});
	expect(got).toEqual(
		cases.map(({ ids, offsets, decoded }, i) => {
			const text = references.texts[i] as string;
			return { text, ids, offsets, decoded: decoded ?? text };
		}),
	);
}

describe.skipIf(file === undefined)("the tokenizer in SmolLM2's GGUF file", () => {
	let fromFile: Tokenizer;
	beforeAll(async () => {
		const { metadata } = await gguf(join(folder, file ?? ""), { allowLocalFile: true });
		fromFile = tokenizerFromGguf(metadata as Record<string, unknown>);
	});

	test("reads all texts as Hugging Face does", () => {
		expectLikeReference(fromFile, "smollm2-135m");
	});

	test("has the ids and the BOS rule of the tokenizer.json", () => {
		const { json, config } = tokenizerFiles("smollm2-135m");
		const { vocabSize, bosId, eosId, padId, addsBos } = tokenizerFromJson(json, config);
		expect(fromFile).toMatchObject({ vocabSize, bosId, eosId, padId, addsBos });
		expect(fromFile.encode("hi", { bos: true }).tokens).toEqual(["<|im_start|>", "hi"]);
	});
});

describe("byte-level vocabularies under their pre-tokenizer's name", () => {
	test.each([
		["gpt2", "gpt-2"],
		["smollm2-135m", "smollm"],
		["llama3", "llama-bpe"],
		["qwen3", "qwen2"],
	])("%s as %s", (name, pre) => {
		const metadata = { ...metadataOf(name), "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre };
		expectLikeReference(tokenizerFromGguf(metadata), name);
	});
});

describe("SentencePiece vocabularies with scores", () => {
	test.each(["stories260k", "llama2"])("%s", (name) => {
		const tokenizer = tokenizerFromGguf({ ...metadataOf(name), "tokenizer.ggml.model": "llama" });
		expectLikeReference(tokenizer, name);
		expect(tokenizer).toMatchObject({ bosId: 1, eosId: 2, addsBos: true });
	});

	test("add_bos_token and add_space_prefix are followed", () => {
		const tokenizer = tokenizerFromGguf({
			...metadataOf("stories260k"),
			"tokenizer.ggml.model": "llama",
			"tokenizer.ggml.add_bos_token": false,
			"tokenizer.ggml.add_space_prefix": false,
		});
		expect(tokenizer.encode("the")).toMatchObject({ bos: false, tokens: ["t", "he"] });
		expect(tokenizer.decode(tokenizer.encode(" the").ids)).toBe(" the");
	});
});

describe("metadata that is refused", () => {
	const base = {
		"tokenizer.ggml.model": "gpt2",
		"tokenizer.ggml.pre": "gpt-2",
		"tokenizer.ggml.tokens": ["a", "b", "ab"],
		"tokenizer.ggml.token_type": [1, 1, 1],
		"tokenizer.ggml.merges": ["a b"],
	};

	test("the base itself is read", () => {
		expect(tokenizerFromGguf(base).encode("ab").ids).toEqual([2]);
	});

	test.each<[string, Record<string, unknown>, RegExp]>([
		["no model", { model: undefined }, /^tokenizer\.ggml\.model: undefined; known: gpt2, llama$/],
		["an unknown model", { model: "bert" }, /"bert"; known: gpt2, llama$/],
		["an unknown pre-tokenizer", { pre: "tekken" }, /pre: "tekken"; known: gpt-2, .*smollm.*qwen2/],
		["no tokens", { tokens: undefined }, /tokens: undefined; must be an array/],
		["a token that is a number", { tokens: ["a", 1, "ab"] }, /tokens\[1\]: 1; must be a string/],
		["the same token twice", { tokens: ["a", "a", "ab"] }, /"a" is both 0 and 1/],
		["a type too few", { token_type: [1, 1] }, /token_type: 2 entries for 3 tokens/],
		["a merge of one token", { merges: ["a"] }, /merges\[0\]: "a"; must be two tokens/],
		["a merge outside the vocabulary", { merges: ["b a"] }, /merges\[0\]: "ba" is not in model\.vocab/],
		["a BOS id out of range", { bos_token_id: 3 }, /bos_token_id: 3; ids are 0 to 2/],
		["a BOS asked for but not named", { add_bos_token: true }, /bos_token names no known token/],
		["no scores for SentencePiece", { model: "llama" }, /scores: undefined; must be an array/],
		[
			"a long SentencePiece piece",
			{ model: "llama", scores: [0, 0, 0], tokens: ["a", "b", "x".repeat(600)] },
			/600/,
		],
	])("%s", (_, change, message) => {
		const metadata: Record<string, unknown> = { ...base };
		for (const [key, value] of Object.entries(change)) metadata[`tokenizer.ggml.${key}`] = value;
		expect(() => tokenizerFromGguf(metadata)).toThrow(message);
		expect(() => tokenizerFromGguf(metadata)).toThrow(/^[^\n]+$/);
	});
});
