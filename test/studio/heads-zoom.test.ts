/** What zooming and moving do to the part of a matrix that is shown. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pan, toward, whole, zoom } from "../../src/studio/page/views/heads/matrix-part.js";

const sizes = fc.integer({ min: 1, max: 2000 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const factor = fc.double({ min: 0.05, max: 20, noNaN: true });

test("what is shown is always a square inside the matrix, however one zooms and moves", () => {
	const steps = fc.array(
		fc.record({ factor, x: share, y: share, rows: fc.integer(), columns: fc.integer() }),
	);
	fc.assert(
		fc.property(sizes, steps, (size, moves) => {
			let part = whole(size);
			for (const { factor, x, y, rows, columns } of moves) {
				part = pan(zoom(part, size, factor, { x, y }), size, rows % size, columns % size);
				for (const first of [part.query, part.key]) {
					expect(Number.isInteger(first)).toBe(true);
					expect(first).toBeGreaterThanOrEqual(0);
					expect(first + part.cells).toBeLessThanOrEqual(size);
				}
				expect(part.cells).toBeGreaterThanOrEqual(Math.min(4, size));
			}
		}),
	);
});

test("zooming keeps what is under the pointer in its place, and goes back the way it came", () => {
	const part = { query: 100, key: 40, cells: 200 };
	const nearer = zoom(part, 1000, 2, { x: 0.25, y: 0.75 });
	expect(nearer).toEqual({ query: 175, key: 65, cells: 100 });
	expect(zoom(nearer, 1000, 0.5, { x: 0.25, y: 0.75 })).toEqual(part);
	expect(zoom(part, 1000, 1)).toBe(part);
	// a small step is a step
	expect(zoom(part, 1000, 1.001).cells).toBe(199);
	expect(zoom(part, 1000, 0.999).cells).toBe(201);
});

test("a cell that keys go to is brought into sight", () => {
	fc.assert(
		fc.property(sizes, share, share, (size, a, b) => {
			const part = zoom(whole(size), size, 8);
			const [query, key] = [a, b].map((at) => Math.min(size - 1, Math.floor(at * size))) as [number, number];
			const moved = toward(part, size, query, key);
			expect(query).toBeGreaterThanOrEqual(moved.query);
			expect(query).toBeLessThan(moved.query + moved.cells);
			expect(key).toBeGreaterThanOrEqual(moved.key);
			expect(key).toBeLessThan(moved.key + moved.cells);
		}),
	);
});
