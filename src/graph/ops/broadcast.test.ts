import fc from "fast-check";
import { expect, test } from "vitest";
import { broadcastShapes, forEachBroadcast } from "./broadcast.js";

/** A shape, and shapes that broadcast to it: axes dropped at the left, others made 1. */
const family = fc
	.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom("batch", "pos")), { maxLength: 4 })
	.chain((full) => {
		const shrunk = fc
			.tuple(fc.nat({ max: full.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
			.map(([drop, ones]) => full.slice(drop).map((d, i) => (ones[i] ? 1 : d)));
		return fc.tuple(fc.constant(full), shrunk, shrunk);
	});

test("broadcasting is commutative, associative and idempotent, and the full shape absorbs its parts", () => {
	fc.assert(
		fc.property(family, ([full, a, b]) => {
			expect(broadcastShapes(a, b)).toEqual(broadcastShapes(b, a));
			expect(broadcastShapes(broadcastShapes(a, b), full)).toEqual(
				broadcastShapes(a, broadcastShapes(b, full)),
			);
			expect(broadcastShapes(a, a)).toEqual(a);
			expect(broadcastShapes(full, a)).toEqual(full);
		}),
	);
});

test("extents that differ are refused with the axis", () => {
	expect(() => broadcastShapes([2, 3], [2])).toThrow(
		"shapes [2, 3] and [2] do not broadcast: axis -1 is 3 and 2",
	);
	expect(() => broadcastShapes(["pos"], ["batch"])).toThrow("axis -1 is pos and batch");
});

test("operands are read where NumPy reads them", () => {
	const seen: number[][] = [];
	forEachBroadcast([[2, 1], [3]], [2, 3], (at) => seen.push([...at]));
	expect(seen).toEqual([0, 1].flatMap((i) => [0, 1, 2].map((j) => [i, j])));
});
