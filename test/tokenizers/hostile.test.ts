import { describe, expect, test } from "vitest";
import { TokenizerError, tokenizerFromJson } from "../../src/tokenizers/index.js";

const model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] };

/** A tokenizer.json that differs from a small valid one in some fields. */
function file(change: Record<string, unknown>): unknown {
	return { added_tokens: [], normalizer: null, pre_tokenizer: null, model, decoder: null, ...change };
}

const nested = (depth: number): unknown =>
	depth === 0 ? { type: "NFC" } : { type: "Sequence", normalizers: [nested(depth - 1)] };

const split = (pattern: unknown, behavior = "Isolated", invert = false): Record<string, unknown> => ({
	pre_tokenizer: { type: "Split", pattern, behavior, invert },
});

test("the small file itself is read", () => {
	const tokenizer = tokenizerFromJson(file({}));
	expect(tokenizer.encode("abba").ids).toEqual([2, 1, 0]);
	expect(tokenizer.vocabSize).toBe(3);
});

describe("a tokenizer.json is refused in one line", () => {
	test.each<[string, unknown, string]>([
		["null", null, "tokenizer.json: null; must be an object"],
		["a list", [], "tokenizer.json: an array of 0; must be an object"],
		["no model", file({ model: undefined }), "model: undefined; must be an object"],
		["unknown model", file({ model: { type: "Unigram" } }), 'model.type: "Unigram"; known: BPE, WordLevel'],
		["no vocab", file({ model: { type: "BPE", merges: [] } }), "model.vocab: undefined; must be an object"],
		["no tokens", file({ model: { ...model, vocab: {} } }), "model.vocab: no tokens"],
		[
			"the same id twice",
			file({ model: { ...model, vocab: { a: 0, b: 0 } } }),
			'model.vocab["b"]: id 0 is given to two tokens',
		],
		...[-1, 0.5, 1e12, "0", null].map((id): [string, unknown, string] => [
			`the id ${JSON.stringify(id)}`,
			file({ model: { ...model, vocab: { a: id } } }),
			`model.vocab["a"]: id ${JSON.stringify(id)}; must be an integer from 0 to 4194303`,
		]),
		[
			"a huge token",
			file({ model: { ...model, vocab: { ["x".repeat(70_000)]: 0 } } }),
			"70000 characters; at most 65536",
		],
		[
			"no merges",
			file({ model: { ...model, merges: undefined } }),
			"model.merges: undefined; must be an array",
		],
		[
			"a number as a merge",
			file({ model: { ...model, merges: [7] } }),
			"model.merges[0]: 7; must be two tokens",
		],
		[
			"three tokens in a merge",
			file({ model: { ...model, merges: [["a", "b", "c"]] } }),
			"model.merges[0]: an array of 3; must be two tokens",
		],
		[
			"a merge outside the vocabulary",
			file({ model: { ...model, merges: ["b a"] } }),
			'model.merges[0]: "ba" is not in model.vocab',
		],
		[
			"dropout",
			file({ model: { ...model, dropout: 0.1 } }),
			"model.dropout: 0.1; not supported, must be empty",
		],
		[
			"an unk outside",
			file({ model: { ...model, unk_token: "?" } }),
			'model.unk_token: "?" is not in model.vocab',
		],
		[
			"an added token on a taken id",
			file({ added_tokens: [{ id: 0, content: "<s>" }] }),
			'added_tokens[0]: id 0 for "<s>", but it is the id of "a"',
		],
		[
			"an empty added token",
			file({ added_tokens: [{ id: 9, content: "" }] }),
			"added_tokens[0].content: 0 characters",
		],
		[
			"a single-word added token",
			file({ added_tokens: [{ id: 9, content: "x", single_word: true }] }),
			"added_tokens[0].single_word: true; only false is supported",
		],
		["unknown normalizer", file({ normalizer: { type: "Nmt" } }), 'normalizer.type: "Nmt"; known: NFC, NFD'],
		["deep nesting", file({ normalizer: nested(5000) }), "nested more than 8 deep"],
		[
			"unknown pre-tokenizer",
			file({ pre_tokenizer: { type: "Bert" } }),
			'pre_tokenizer.type: "Bert"; known: ByteLevel',
		],
		[
			"a split it cannot do",
			file(split({ String: "a" }, "MergedWithNext")),
			'"MergedWithNext"; known: Isolated',
		],
		["a pattern that backtracks", file(split({ Regex: "(a+)+$" })), "repeats a group that repeats something"],
		["a pattern that is none", file(split({ Regex: "(" })), "tokenizer.json: "],
		["a huge pattern", file(split({ Regex: "a".repeat(5000) })), "5000 characters; must be 1 to 4096"],
		["a removed capture", file(split({ Regex: "(a)" }, "Removed")), "a removed pattern must not capture"],
		["unknown decoder", file({ decoder: { type: "CTC" } }), 'decoder.type: "CTC"; known: ByteLevel'],
		[
			"unknown post-processor",
			file({ post_processor: { type: "Bert" } }),
			'post_processor.type: "Bert"; known: ',
		],
		[
			"a template with a token after the text",
			file({
				post_processor: {
					type: "TemplateProcessing",
					single: [{ Sequence: { id: "A" } }, { SpecialToken: { id: "a" } }],
					special_tokens: { a: { ids: [0] } },
				},
			}),
			"post_processor.single: 2 parts; known: the text, or one token and the text",
		],
		[
			"a front token without id",
			file({
				post_processor: {
					type: "TemplateProcessing",
					single: [{ SpecialToken: { id: "z" } }, { Sequence: { id: "A" } }],
					special_tokens: { z: { ids: [77] } },
				},
			}),
			"post_processor: puts id 77 in front, which no token has",
		],
	])("%s", (_, json, message) => {
		let error: unknown;
		try {
			tokenizerFromJson(json);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toBeInstanceOf(TokenizerError);
		expect(String(error)).toContain(message);
		expect(String(error)).not.toContain("\n");
		expect(String(error).length).toBeLessThan(300);
	});

	test("a million nested lists do not fill the stack", () => {
		let value: unknown = { type: "Fuse" };
		for (let i = 0; i < 1_000_000; i++) value = { type: "Sequence", decoders: [value] };
		expect(() => tokenizerFromJson(file({ decoder: value }))).toThrow("nested more than 8 deep");
	});
});

describe("a configuration", () => {
	test.each<[string, unknown, string]>([
		["is no object", "x", 'tokenizer_config.json: "x"; must be an object'],
		["wants an EOS at the end", { add_eos_token: true }, "a token at the end is not supported"],
		["wants a BOS that is none", { add_bos_token: true, bos_token: "<s>" }, "bos_token names no known token"],
		["says neither yes nor no", { add_bos_token: "yes" }, 'add_bos_token: "yes"; must be true or false'],
	])("that %s is refused", (_, config, message) => {
		expect(() => tokenizerFromJson(file({}), config)).toThrow(message);
	});
});

describe("what is asked of a tokenizer", () => {
	const tokenizer = tokenizerFromJson(file({}), { eos_token: { content: "b" } });

	test("a BOS where there is none", () => {
		expect(() => tokenizer.encode("a", { bos: true })).toThrow("no bos_token is known");
	});

	test.each([-1, 3, 0.5, Number.NaN])("the id %d", (id) => {
		expect(() => tokenizer.decode([id])).toThrow(`decode: no token has id ${id}; ids are 0 to 2`);
		expect(() => tokenizer.tokenText(id)).toThrow(TokenizerError);
	});

	test("a word that a word-level vocabulary does not have", () => {
		const words = { type: "WordLevel", vocab: { the: 0 } };
		const tokenizer = tokenizerFromJson(file({ model: words, pre_tokenizer: { type: "WhitespaceSplit" } }));
		expect(() => tokenizer.encode("the fox")).toThrow('encode: "fox" is not in the vocabulary');
	});

	test("names that objects inherit are ordinary tokens", () => {
		const vocab = JSON.parse('{"__proto__": 0, "constructor": 1, "toString": 2}') as unknown;
		const json = file({ model: { type: "WordLevel", vocab }, pre_tokenizer: { type: "WhitespaceSplit" } });
		const tokenizer = tokenizerFromJson(json);
		expect(tokenizer.encode("toString __proto__ constructor").ids).toEqual([2, 0, 1]);
		expect(tokenizer.idOf("hasOwnProperty")).toBeUndefined();
	});
});
