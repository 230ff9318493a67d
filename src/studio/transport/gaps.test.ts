import fc from "fast-check";
import { expect, test } from "vitest";
import { withGaps, withoutGaps } from "./gaps.js";
import { fromBytes, toBytes } from "./wire.js";

/** Stretches of zeros and of any bits (NaN of any kind, -0), as an array of floats that begins anywhere. */
const arrays = fc
	.array(
		fc.record({
			zeros: fc.integer({ min: 0, max: 120 }),
			bits: fc.int32Array({ maxLength: 200, size: "max" }),
		}),
		{ maxLength: 30, size: "max" },
	)
	.map((runs) => {
		const bits = [7, ...runs.flatMap(({ zeros, bits }) => [...new Array<number>(zeros).fill(0), ...bits])];
		return new Float32Array(Int32Array.from(bits).buffer, 4);
	});

const bitsOf = (values: Float32Array): number[] => [
	...new Int32Array(values.buffer, values.byteOffset, values.length),
];

test("an array comes back bit for bit, and what is packed is smaller", () => {
	let packed = 0;
	fc.assert(
		fc.property(arrays, (values) => {
			const bytes = withoutGaps(values);
			if (bytes) {
				packed++;
				expect(bytes.length).toBeLessThanOrEqual(3 * values.length);
				// bytes of a message begin anywhere
				const moved = new Uint8Array(bytes.length + 1);
				moved.set(bytes, 1);
				expect(bitsOf(withGaps(moved.subarray(1)))).toEqual(bitsOf(values));
			}
			expect(bitsOf(fromBytes(toBytes(values)) as Float32Array)).toEqual(bitsOf(values));
		}),
		{ numRuns: 100 },
	);
	expect(packed).toBeGreaterThan(20);
});

test("patterns take little more than the half that is not 0", () => {
	const [heads, size] = [20, 64];
	const pattern = new Float32Array(heads * size * size).map((_, i) => {
		const [query, key] = [Math.floor(i / size) % size, i % size];
		return key > query ? 0 : 1 / (query + 1);
	});
	expect((withoutGaps(pattern) as Uint8Array).length).toBeLessThan(0.6 * pattern.byteLength);
});

test("bytes that are no packed array are refused, and cannot ask for more memory than four times their own", () => {
	const words = (...all: number[]): Uint8Array => new Uint8Array(Uint32Array.from(all).buffer);
	for (const bytes of [
		words(),
		words(4),
		words(2 ** 32 - 1, 1, 0, 1, 5),
		words(9, 1, 0, 2, 5, 6),
		words(4, 2 ** 31, 0, 1, 5),
		words(4, 1, 4, 1, 5),
		words(4, 1, 0, 3, 5),
	])
		expect(() => withGaps(bytes)).toThrow("an array that is none");
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			try {
				expect(withGaps(bytes).byteLength).toBeLessThanOrEqual(4 * bytes.length);
			} catch (error) {
				expect(String(error)).toMatch("an array that is none");
			}
		}),
	);
});
