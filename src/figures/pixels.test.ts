import fc from "fast-check";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { colourIndex, linearColours, logColours } from "./colour.js";
import { base64, gridImage, pool } from "./pixels.js";

const bytesOf = (url: string): Uint8Array =>
	Uint8Array.from(Buffer.from(url.replace("data:image/png;base64,", ""), "base64"));

describe("gridImage", () => {
	test("is a PNG with a pixel for each cell, in the scale's colours", () => {
		const scale = linearColours([0, 1]);
		const values = [0, 0.25, 0.5, 0.75, 1, 0.1];
		const image = decode(bytesOf(gridImage({ rows: 2, columns: 3, values }, scale)));
		expect([image.width, image.height]).toEqual([3, 2]);
		expect(image.palette?.map((colour) => colour.slice(0, 3))).toEqual(scale.palette.map((c) => [...c]));
		expect([...image.data]).toEqual(values.map((value) => colourIndex(scale, value)));
	});
});

describe("pool", () => {
	const grids = fc
		.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }))
		.chain(([rows, columns]) =>
			fc
				.array(fc.double({ min: 0, max: 1, noNaN: true }), {
					minLength: rows * columns,
					maxLength: rows * columns,
				})
				.map((values) => ({ rows, columns, values })),
		);

	test("keeps the largest value and never exceeds the size asked for", () => {
		fc.assert(
			fc.property(grids, fc.integer({ min: 1, max: 40 }), (grid, size) => {
				const small = pool(grid, size, size);
				expect(small.rows).toBe(Math.min(size, grid.rows));
				expect(small.columns).toBe(Math.min(size, grid.columns));
				expect(Math.max(...Array.from(small.values))).toBe(Math.max(...grid.values));
			}),
		);
	});

	test("keeps a thin diagonal whole", () => {
		const values = Array.from({ length: 100 * 100 }, (_, i) => (Math.floor(i / 100) === i % 100 ? 1 : 0));
		const small = pool({ rows: 100, columns: 100, values }, 37, 37);
		for (let i = 0; i < 37; i++) expect(small.values[i * 37 + i]).toBe(1);
	});
});

describe("colour scales", () => {
	test("run from light to dark, with the ends told", () => {
		const scale = linearColours([0, 0.87]);
		expect(scale.position(0)).toBe(0);
		expect(scale.position(0.87)).toBe(1);
		expect(scale.ticks.at(-1)).toEqual({ at: 1, label: "0.87" });
		expect(scale.palette[0]?.[0]).toBeGreaterThan(240);
		expect(scale.palette[255]?.[0]).toBeLessThan(20);
	});

	test("a diverging scale has its palest colour at 0", () => {
		const scale = linearColours([-2, 2], true);
		expect(colourIndex(scale, 0)).toBe(128);
		expect(Math.min(...(scale.palette[128] ?? [0]))).toBeGreaterThan(235);
	});

	test("a log scale spends as much colour on each power of ten", () => {
		const scale = logColours(1e-4, 1);
		expect(scale.position(0)).toBe(0);
		expect(scale.position(1e-4)).toBeCloseTo(0, 12);
		expect(scale.position(1e-2)).toBeCloseTo(0.5, 12);
		expect(scale.ticks.map(({ label }) => label)).toEqual(["≤ 1e−4", "0.001", "0.01", "0.1", "1"]);
	});
});

test("base64 of more bytes than a call takes arguments", () => {
	const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
	expect(base64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
});
