import fc from "fast-check";
import { expect, test } from "vitest";
import { allHeads, nameOfHead, parseHeads } from "./heads.js";

const sizes = { nLayers: 3, nHeads: 12 };

test("reads every way to write heads", () => {
	expect(parseHeads("1.11", sizes)).toEqual([{ layer: 1, head: 11 }]);
	expect(parseHeads("L1H11", sizes)).toEqual([{ layer: 1, head: 11 }]);
	expect(parseHeads("2.0, l0h3,2.0", sizes).map(nameOfHead)).toEqual(["2.0", "0.3"]);
	expect(parseHeads("all", sizes)).toEqual(allHeads(sizes));
	expect(allHeads(sizes)).toHaveLength(36);
});

test("a head that is written is read again", () => {
	fc.assert(
		fc.property(fc.subarray(allHeads(sizes), { minLength: 1 }), (heads) => {
			expect(parseHeads(heads.map(nameOfHead).join(","), sizes)).toEqual(heads);
		}),
	);
});

test.each(["", "5", "1.2.3", "1.-1", "1.1,", "L1.H1", "1e0.0", "everything", "1.1 0.0"])(
	"refuses %j",
	(text) => {
		expect(() => parseHeads(text, sizes)).toThrow(/is not a head; allowed: layer\.head/);
	},
);

test.each(["3.0", "0.12", "999999.0"])("refuses %s, naming the range", (text) => {
	expect(() => parseHeads(text, sizes)).toThrow(
		`no head ${text}; this model has layers 0..2 and heads 0..11`,
	);
});
