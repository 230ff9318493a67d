import { describe, expect, test } from "vitest";
import { tokenizerFromJson } from "../../src/tokenizers/index.js";
import { features, inCodePoints } from "./references.js";

describe.each(Object.entries(features.features))("%s", (_, { file, cases }) => {
	const tokenizer = tokenizerFromJson(file);

	test.each(features.texts.map((text, i) => [text, i] as const))(
		"reads %j as Hugging Face does",
		(text, i) => {
			const encoding = tokenizer.encode(text);
			expect({
				ids: encoding.ids,
				offsets: inCodePoints(text, encoding.offsets),
				decoded: tokenizer.decode(encoding.ids),
			}).toEqual(cases[i]);
		},
	);
});
