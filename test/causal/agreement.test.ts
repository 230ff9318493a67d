import fc from "fast-check";
import { expect, test } from "vitest";
import { agreement } from "../../src/causal/agreement.js";
import { cellNames, rankCells, sumPositions } from "../../src/causal/attribution-cells.js";
import { Tensor } from "../../src/tensor/index.js";

const grid = (nested: number[][]): Tensor<"float64"> => Tensor.from(nested, "float64", ["layer", "head"]);

test("correlations, signs and disagreements of a small grid", () => {
	const estimated = grid([
		[1, 2],
		[3, -0.5],
	]);
	const measured = grid([
		[2, 4],
		[5, 1],
	]);
	const found = agreement(estimated, measured, { top: 1 });
	// means 1.375 and 3: 8 / sqrt(6.6875 * 10)
	expect(found.pearson).toBeCloseTo(8 / Math.sqrt(66.875), 12);
	expect(found.spearman).toBe(1);
	expect(found.sameSign).toBe(0.75);
	expect(found.compared).toBe(4);
	expect(found.largest).toEqual([{ cell: "0.1", estimated: 2, measured: 4, difference: -2 }]);
});

test("equal values share their rank, and small ones say nothing of signs", () => {
	const found = agreement(grid([[1, 1, 2, -0.001]]), grid([[1, 2, 2, 0.001]]));
	// ranks 1.5 1.5 3 0 and 1 2.5 2.5 0
	expect(found.spearman).toBeCloseTo(3.75 / 4.5, 12);
	expect(found.compared).toBe(3);
	expect(found.sameSign).toBe(1);
	expect(agreement(grid([[1, 1]]), grid([[1, 2]])).pearson).toBeNaN();
});

test("what is a multiple of the other agrees whole", () => {
	const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 12 });
	fc.assert(
		fc.property(numbers, fc.double({ min: 0.5, max: 4, noNaN: true }), (values, factor) => {
			fc.pre(Math.max(...values) > Math.min(...values));
			const found = agreement(grid([values.map((value) => value * factor)]), grid([values]));
			expect(found.pearson).toBeCloseTo(1, 6);
			expect(found.spearman).toBeCloseTo(1, 6);
			expect(found.sameSign).toBe(1);
		}),
	);
});

test("cells have names, are summed over positions and ranked", () => {
	const values = Tensor.from(
		[
			[
				[1, -2],
				[3, -5],
			],
		],
		"float64",
		["layer", "pos", "head"],
	);
	expect(cellNames(values)).toEqual(["0.0@0", "0.1@0", "0.0@1", "0.1@1"]);
	const sums = sumPositions(values);
	expect(sums.axes).toEqual(["layer", "head"]);
	expect([...sums.data]).toEqual([4, -7]);
	expect(rankCells(values, 2)).toEqual([
		{ cell: "0.1@1", value: -5 },
		{ cell: "0.0@1", value: 3 },
	]);
	const layers = Tensor.from([[1, 2]], "float64", ["layer", "pos"]);
	expect(cellNames(layers)).toEqual(["0@0", "0@1"]);
	expect([...sumPositions(layers).data]).toEqual([3]);
	expect(() => sumPositions(grid([[1]]))).toThrow("has no positions");
	expect(() => agreement(grid([[1]]), grid([[1, 2]]))).toThrow("must have one shape");
});
