import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addDims, type Dim, dimTerms, evaluateDim, mulDims, sizeOfDims } from "./dim.js";

const bindings = new Map([
	["batch", 3],
	["pos", 5],
	["past", 7],
]);
/** Any extent that sums and products of numbers and symbols can make. */
const dim: fc.Arbitrary<Dim> = fc.letrec<{ dim: Dim }>((tie) => ({
	dim: fc.oneof(
		{ maxDepth: 3, withCrossShrink: true },
		fc.integer({ min: -4, max: 9 }).map((n) => n + 0),
		fc.constantFrom(...bindings.keys()),
		fc.tuple(tie("dim"), tie("dim")).map(([a, b]) => addDims(a, b)),
		fc.tuple(tie("dim"), tie("dim")).map(([a, b]) => mulDims(a, b)),
	),
})).dim;

const holds = (law: (a: Dim, b: Dim, c: Dim) => void): void => fc.assert(fc.property(dim, dim, dim, law));

describe("extents are a commutative ring, equal exactly when their texts are", () => {
	test("addition", () =>
		holds((a, b, c) => {
			expect(addDims(a, b)).toBe(addDims(b, a));
			expect(addDims(addDims(a, b), c)).toBe(addDims(a, addDims(b, c)));
			expect(addDims(a, 0)).toBe(a);
			expect(addDims(a, mulDims(-1, a))).toBe(0);
		}));

	test("multiplication", () =>
		holds((a, b, c) => {
			expect(mulDims(a, b)).toBe(mulDims(b, a));
			expect(mulDims(mulDims(a, b), c)).toBe(mulDims(a, mulDims(b, c)));
			expect(mulDims(a, 1)).toBe(a);
			expect(mulDims(a, 0)).toBe(0);
			expect(mulDims(a, addDims(b, c))).toBe(addDims(mulDims(a, b), mulDims(a, c)));
		}));
});

test("evaluation is a homomorphism", () =>
	holds((a, b, c) => {
		const at = (d: Dim): number => evaluateDim(d, bindings);
		expect(at(addDims(a, b))).toBe(at(a) + at(b));
		expect(at(mulDims(a, b))).toBe(at(a) * at(b) + 0);
		expect(at(sizeOfDims([a, b, c]))).toBe(at(a) * at(b) * at(c) + 0);
	}));

test("terms say the same as the text", () =>
	holds((a) => {
		const sum = dimTerms(a)
			.map(({ symbols, coefficient }) =>
				symbols.reduce((x, s) => x * (bindings.get(s) as number), coefficient),
			)
			.reduce((x, y) => x + y, 0);
		expect(sum).toBe(evaluateDim(a, bindings));
	}));

test("reads well", () => {
	expect(addDims("pos", "past")).toBe("past+pos");
	expect(mulDims(mulDims("pos", 2), "batch")).toBe("2*batch*pos");
	expect(addDims("pos", -1)).toBe("pos-1");
	expect(mulDims(-1, "pos")).toBe("-pos");
});

test("an unbound symbol is named", () => {
	expect(() => evaluateDim("pos+1", new Map([["batch", 1]]))).toThrow(
		'no value for the symbolic extent "pos"; bound: batch',
	);
});
