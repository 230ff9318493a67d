import fc from "fast-check";
import { expect, test } from "vitest";
import { cutTo, displayWidth, padTo, table, wrap } from "./table.js";

test("aligns columns, numbers to the right, without trailing space", () => {
	const columns = [{ title: "N", right: true }, { title: "WHAT" }, { title: "" }];
	expect(
		table(columns, [
			["1", "a", ""],
			["23", "long", "note"],
		]),
	).toBe([" N  WHAT", " 1  a", "23  long  note"].join("\n"));
});

test("breaks the last column to the width", () => {
	const rows = [["name", "one two three four five six seven"]];
	expect(table([{ title: "" }, { title: "" }], rows, 30)).toBe(
		"name  one two three four five\n      six seven",
	);
});

test("counts wide characters twice and marks not at all", () => {
	expect(displayWidth("日本")).toBe(4);
	expect(displayWidth("e\u0301")).toBe(1);
	expect(padTo("日", 4)).toBe("日  ");
	expect(cutTo("日本語", 4)).toBe("日…");
});

test("cutting and wrapping keep within the width", () => {
	fc.assert(
		fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
			expect(displayWidth(cutTo(text, width))).toBeLessThanOrEqual(width);
		}),
	);
	fc.assert(
		fc.property(
			fc.array(fc.stringMatching(/^[a-z]{1,8}$/)),
			fc.integer({ min: 8, max: 30 }),
			(words, width) => {
				const lines = wrap(words.join(" "), width).split("\n");
				expect(lines.join(" ")).toBe(words.join(" "));
				for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
			},
		),
	);
});
