/** The paired bootstrap. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareRows } from "../../src/metrics/index.js";
import { Random } from "../../src/tensor/index.js";

const numbers = (min: number) =>
	fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: min, maxLength: 40 });

test("means, change and relative change; the interval holds the change and lies within the rows' changes", () => {
	fc.assert(
		fc.property(numbers(2), fc.nat(), (changes, seed) => {
			const random = new Random(seed);
			const before = Float64Array.from(changes, () => 10 + random.uniform());
			const after = before.map((value, i) => value + (changes[i] as number));
			const got = compareRows(before, after, { resamples: 50, seed });
			const mean = (list: ArrayLike<number>): number =>
				Array.from(list).reduce((a, b) => a + b, 0) / list.length;
			expect(got.before).toBeCloseTo(mean(before), 9);
			expect(got.after).toBeCloseTo(mean(after), 9);
			expect(got.change).toBeCloseTo(mean(changes), 9);
			expect(got.relative).toBeCloseTo(mean(changes) / mean(before), 9);
			expect(got.low).toBeLessThanOrEqual(got.high);
			expect(got.low).toBeGreaterThanOrEqual(Math.min(...changes) - 1e-9);
			expect(got.high).toBeLessThanOrEqual(Math.max(...changes) + 1e-9);
			expect(compareRows(before, after, { resamples: 50, seed })).toEqual(got);
		}),
	);
});

test("rows that change alike have an interval of one point, whatever they were", () => {
	const before = Float64Array.from([1, 5, 100, -7]);
	const { change, low, high } = compareRows(
		before,
		before.map((value) => value + 2),
	);
	for (const end of [change, low, high]) expect(end).toBeCloseTo(2, 12);
});

test("covers the true mean about as often as it says", () => {
	const random = new Random(3);
	let covered = 0;
	for (let trial = 0; trial < 200; trial++) {
		const before = new Float64Array(60);
		const after = before.map(() => 1 + random.normal());
		const { low, high } = compareRows(before, after, { resamples: 400, seed: trial });
		if (low <= 1 && 1 <= high) covered++;
	}
	// 95 % of 200 with three standard deviations of that count; the percentile interval is a little narrow
	expect(covered).toBeGreaterThanOrEqual(178);
	expect(covered).toBeLessThanOrEqual(199);
});

test("a single row has no interval", () => {
	const { change, low, high } = compareRows(Float64Array.of(1), Float64Array.of(3));
	expect(change).toBe(2);
	expect([low, high]).toEqual([Number.NaN, Number.NaN]);
	expect(JSON.parse(JSON.stringify({ low }))).toEqual({ low: null });
});

test("refuses rows that are not paired", () => {
	expect(() => compareRows(Float64Array.of(1, 2), Float64Array.of(1))).toThrow("2 rows before and 1 after");
	expect(() => compareRows(new Float64Array(0), new Float64Array(0))).toThrow("0 rows before");
	expect(() => compareRows(Float64Array.of(1), Float64Array.of(1), { resamples: 0 })).toThrow("resamples 0");
});
