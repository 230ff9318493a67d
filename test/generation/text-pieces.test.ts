/** Text that comes token by token, with the tokenizers of the reference models. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TextPieces } from "../../src/generation/text-pieces.js";
import { type Tokenizer, tokenizerFromJson } from "../../src/tokenizers/index.js";
import { referenceJson, referencePath } from "../reference-data.js";

const folder = (name: string): Tokenizer =>
	tokenizerFromJson(
		referenceJson("lm", "models", name, "tokenizer.json"),
		referenceJson("lm", "models", name, "tokenizer_config.json"),
	);
const tokenizers: [string, Tokenizer][] = [
	["byte fallback", folder("stories260k")],
	["byte level", byteLevel()],
];

function byteLevel(): Tokenizer {
	const zipped = readFileSync(referencePath("tokenizers", "smollm2-135m.tokenizer.json.gz"));
	return tokenizerFromJson(JSON.parse(gunzipSync(zipped).toString()));
}

test.each(tokenizers)("%s: the pieces are the text, and no character is torn", (_, tokenizer) => {
	const text = fc.string({
		unit: fc.constantFrom("a", " ", "é", "日", "🦊", "👩‍🚀", "\n", "the"),
		maxLength: 12,
	});
	fc.assert(
		fc.property(text, text, (before, after) => {
			const prompt = tokenizer.encode(before).ids;
			const { ids } = tokenizer.encode(after, { bos: false });
			const pieces = new TextPieces(tokenizer, prompt);
			const given = ids.map((id) => pieces.push(id));
			const end = pieces.end();
			const skip = { skipSpecial: true };
			const whole = tokenizer.decode([...prompt, ...ids], skip);
			expect(tokenizer.decode(prompt, skip) + given.join("") + end).toBe(whole);
			expect(given.join("")).not.toContain("\ufffd");
			// half of a surrogate pair would not survive UTF-8
			for (const piece of given) expect(Buffer.from(piece).toString()).toBe(piece);
		}),
	);
});

test("bytes that never become a character are given at the end", () => {
	const [, tokenizer] = tokenizers[0] as [string, Tokenizer];
	const pieces = new TextPieces(tokenizer, tokenizer.encode("x").ids);
	const [first] = tokenizer.encode("🦊", { bos: false }).ids.slice(-4);
	expect(pieces.push(first as number)).toBe("");
	expect(pieces.end()).toBe("\ufffd");
});
