import { describe, expect, test } from "vitest";
import { type Tokenizer, tokenizerFromJson } from "../../src/tokenizers/index.js";
import { inCodePoints, references, tokenizerFiles } from "./references.js";

describe.each(Object.entries(references.tokenizers))("%s", (name, reference) => {
	const { json, config } = tokenizerFiles(name);
	const tokenizer: Tokenizer = tokenizerFromJson(json, config);

	test("has the same vocabulary size", () => {
		expect(tokenizer.vocabSize).toBe(reference.vocab_size);
	});

	test.each(references.texts.map((text, i) => [text, i] as const))(
		"reads %j as Hugging Face does",
		(text, i) => {
			const { ids, offsets, front, decoded } = reference.cases[i] ?? { ids: [], offsets: [], front: [] };
			const encoding = tokenizer.encode(text, { bos: false });
			expect({
				ids: encoding.ids,
				offsets: inCodePoints(text, encoding.offsets),
				withSpecial: tokenizer.encode(text).ids,
				decoded: tokenizer.decode(encoding.ids),
			}).toEqual({ ids, offsets, withSpecial: [...front, ...ids], decoded: decoded ?? text });
		},
	);
});
