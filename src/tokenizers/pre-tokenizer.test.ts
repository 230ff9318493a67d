import { describe, expect, test } from "vitest";
import { backtracking, readCutting } from "./pre-tokenizer.js";

describe("backtracking", () => {
	test.each([
		// Llama 3, GPT-4o and DeepSeek-V3.
		"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
		"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{M}]*[\\p{Ll}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|\\s+",
		"[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*",
		"(ab)+",
		"\\(a+\\)+",
		"[(a+)]+",
		"(a+)(b+)",
	])("lets %s pass", (pattern) => {
		expect(backtracking(pattern)).toBeUndefined();
	});

	test.each([
		"(a+)+",
		"(?:a*)*",
		"((a+))+",
		"(a{2,}b)+",
		"(?:x|(?:y|z+))*",
		"(a|b+){9}",
		"(?:a|a)*c",
		"((a|aa)b?)+",
		"(?:a?a?)+c",
	])("finds a repeated group in %s", (pattern) => expect(backtracking(pattern)).toMatch(/repeats a group/));

	test.each(["a*a*a*a*", "b|(?:a+)(?:a+)a+|a+a+a+a+"])("finds many repeats in a row in %s", (pattern) => {
		expect(backtracking(pattern)).toMatch(/more than 3 repeats/);
	});

	test("finds much that may be left out, but not lazy repeats and groups with flags", () => {
		expect(backtracking("a?".repeat(9))).toMatch(/leave out more than 8/);
		expect(backtracking(`${"(?i:a)".repeat(9)}|${"a?".repeat(8)}|a+?b*?`)).toBeUndefined();
	});

	test("lets three repeats in each alternative pass", () => {
		expect(backtracking("a+a+a+|b*b*b*|c")).toBeUndefined();
	});
});

describe("readCutting", () => {
	test("Gemma's cut at spaces is left out only where its normalizer replaces them", () => {
		const split = { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious" };
		const normalizer = { type: "Replace", pattern: { String: " " }, content: "▁" } as const;
		expect(readCutting(split, normalizer)).toEqual({ cut: null });
		expect(() => readCutting(split, null)).toThrow("MergedWithPrevious");
		expect(() => readCutting(split, { ...normalizer, content: "_ " })).toThrow("MergedWithPrevious");
	});

	test("a text to cut at is taken literally", () => {
		const cutting = readCutting({ type: "Split", pattern: { String: "a.b" }, behavior: "Isolated" }, null);
		expect(cutting.cut).toMatchObject({ pattern: { Regex: "a\\.b" } });
	});
});
