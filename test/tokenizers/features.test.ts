import { describe, expect, test } from "vitest";
import { tokenizerFromJson } from "../../src/tokenizers/index.js";
import { features, inCodePoints } from "./references.js";

/**
 * Where a character has no token and none stands in for it, Hugging Face does not move on in the text, and
 * its later offsets point at earlier characters. Here they stay at their own.
 */
const OTHER_OFFSETS = "characters without a token are dropped";

describe.each(Object.entries(features.features))("%s", (name, { file, cases }) => {
	const tokenizer = tokenizerFromJson(file);

	test.each(features.texts.map((text, i) => [text, i] as const))(
		"reads %j as Hugging Face does",
		(text, i) => {
			const encoding = tokenizer.encode(text);
			const { offsets, ...rest } = cases[i] as (typeof cases)[number];
			expect({ ids: encoding.ids, decoded: tokenizer.decode(encoding.ids) }).toEqual(rest);
			if (name !== OTHER_OFFSETS) {
				expect(inCodePoints(text, encoding.offsets)).toEqual(offsets);
				return;
			}
			const own = encoding.offsets.map(([start, end]) => text.slice(start, end));
			expect(own).toEqual(encoding.ids.map((id) => tokenizer.tokenText(id)));
		},
	);
});
