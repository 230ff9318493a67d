import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "../tensor/index.js";
import { repeatedSegments } from "./repeated-segments.js";
import { textWindows } from "./text-windows.js";

it("rows repeat a segment of an allowed length behind an allowed offset, to the end", () => {
	const law = fc.property(fc.nat(1000), fc.integer({ min: 0, max: 4 }), (seed, most) => {
		const task = repeatedSegments({
			low: 5,
			high: 500,
			length: 20,
			offset: [0, most],
			segment: [3, 12],
			except: [4],
		});
		for (const row of task.draw(new Random(seed), 4).ids) {
			expect(row.length).toBe(20);
			expect(row.every((id) => id >= 5 && id < 500)).toBe(true);
			const fits = [3, 5, 6, 7, 8, 9, 10, 11, 12].some((n) =>
				row.every((id, i) => i < most + n || id === row[i - n]),
			);
			expect(fits, row.join()).toBe(true);
		}
	});
	fc.assert(law, { numRuns: 50 });
	const impossible = { low: 0, high: 9, length: 8, offset: [0, 1], segment: [3, 8] } as const;
	expect(() => repeatedSegments(impossible)).toThrow("leave no repeat in 8 tokens");
	expect(() => repeatedSegments({ ...impossible, segment: [3, 3], except: [3] })).toThrow("none is left");
	expect(() => repeatedSegments({ ...impossible, segment: [4, 3] })).toThrow("allowed [least, most]");
});

it("windows are pieces of the text, from its first token to its last", () => {
	const ids = Array.from({ length: 9 }, (_, i) => i);
	const rows = textWindows({ ids, length: 4 }).draw(new Random(0), 200).ids;
	for (const row of rows) expect(row).toEqual(ids.slice(row[0], (row[0] as number) + 4));
	expect(new Set(rows.map((row) => row[0]))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
	expect(() => textWindows({ ids, length: 10 })).toThrow("9 tokens, allowed from 10");
});
