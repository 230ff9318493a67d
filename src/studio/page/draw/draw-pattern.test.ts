import fc from "fast-check";
import { expect, test } from "vitest";
import { drawMatrixInto, type Ink, type Matrix, valueAt } from "./draw-pattern.js";
import { diverging, paletteFor } from "./palette.js";

const ink: Ink = { palette: paletteFor(false, true), place: diverging(1) };

/** What stands for rows and columns [top, bottom) x [left, right): the value farthest from 0, the first of those. */
function farthest(
	matrix: Matrix,
	[top, bottom]: [number, number],
	[left, right]: [number, number],
	first: number,
): number {
	let best = 0;
	for (let query = top; query < bottom; query++)
		for (let key = Math.max(left, first); key < right; key++) {
			const value = Math.fround(valueAt(matrix, query, key));
			if (Math.abs(value) > Math.abs(best)) best = value;
		}
	return best;
}

const values = (count: number): fc.Arbitrary<Float32Array> =>
	fc.float32Array({ minLength: count, maxLength: count, min: -1, max: 1, noNaN: true });

const cases = fc.integer({ min: 1, max: 24 }).chain((size) =>
	fc.record({
		size: fc.constant(size),
		data: values(2 * size * size),
		minus: fc.option(values(3 * size * size), { nil: undefined }),
		side: fc.integer({ min: 1, max: 40 }),
		hideFirst: fc.boolean(),
	}),
);

test("a pixel of a square shows the entry it lies in, or the farthest from 0 of its block", () => {
	fc.assert(
		fc.property(cases, ({ size, data, minus, side, hideFirst }) => {
			// the second of two heads, the third where something is taken away
			const matrix: Matrix = {
				...{ data, offset: size * size, size },
				...(minus && { minus: { data: minus, offset: 2 * size * size } }),
			};
			const width = side + 3;
			const image = { words: new Uint32Array(width * (side + 2)), width };
			drawMatrixInto(image, { left: 2, top: 1, side }, matrix, { ...ink, hideFirst });

			const step = Math.ceil(size / side);
			const blocks = Math.ceil(size / step);
			for (let y = -1; y <= side; y++) {
				for (let x = -2; x <= side; x++) {
					const word = image.words[(y + 1) * width + x + 2];
					if (y < 0 || x < 0 || y === side || x === side) {
						expect(word).toBe(0);
						continue;
					}
					const part = (at: number): [number, number] => {
						const block = Math.floor((at * blocks) / side);
						return [block * step, Math.min(size, (block + 1) * step)];
					};
					const value = farthest(matrix, part(y), part(x), hideFirst ? 1 : 0);
					expect(word).toBe(ink.palette[ink.place(value)]);
				}
			}
		}),
		{ numRuns: 150 },
	);
});
