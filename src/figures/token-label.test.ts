import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeMarkup } from "./svg.js";
import { elide, textWidth } from "./text-width.js";
import { tokenLabel } from "./token-label.js";

describe("tokenLabel", () => {
	test.each([
		[" cat", "·cat"],
		["\n", "↵"],
		["\r\n\t", "␍↵⇥"],
		["", "∅"],
		["\u0000", "␀"],
		["\u00a0", "⍽"],
		["\u200b", "‹200B›"],
		["\u202eabc", "‹202E›abc"],
		["\u2028", "‹2028›"],
		["\ud83d", "\ufffd"],
		["é中😀", "é中😀"],
	])("%j is %s", (token, label) => {
		expect(tokenLabel(token)).toBe(label);
	});

	test("never holds what hides, reorders or breaks text", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary" }), (token) => {
				expect(tokenLabel(token)).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|\p{Z}/u);
			}),
		);
	});
});

test("escapeMarkup leaves no markup, whatever the text", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (content) => {
			const escaped = escapeMarkup(content);
			expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
			expect(escaped.replace(/[\t\n\r]/g, "")).not.toMatch(/\p{Cc}|\p{Cs}/u);
		}),
	);
});

test("elide keeps a text within its width, and whole where it fits", () => {
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 10, max: 200 }), (content, width) => {
			const cut = elide(content, width, 10);
			expect(textWidth(cut, 10)).toBeLessThanOrEqual(width);
			if (textWidth(content, 10) <= width) expect(cut).toBe(content);
			else expect(content.startsWith(cut.slice(0, -1))).toBe(true);
		}),
	);
});
