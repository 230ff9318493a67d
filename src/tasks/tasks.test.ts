import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../tensor/index.js";
import { abxa, repeat, textRows } from "./index.js";

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const count = fc.integer({ min: 1, max: 20 });

describe("abxa", () => {
	test("all tokens of a row differ but for A; positions say where it and B stand", () => {
		fc.assert(
			fc.property(seeds, count, fc.nat(6), fc.nat(6), fc.boolean(), (seed, n, least, more, bos) => {
				const range = { low: 3, high: 90, ...(bos && { bosId: 50 }) };
				const task = abxa({ ...range, n, depth: [least, least + more] });
				const samples = task.draw(new Random(seed), 5);
				for (const [r, row] of samples.ids.entries()) {
					const { a, b, query } = samples.positions[r] as (typeof samples.positions)[number];
					expect(row[query]).toBe(row[a]);
					expect([b, query]).toEqual([a + 1, row.length - 1]);
					expect(query - b).toBe(n + 1);
					expect(new Set(row).size).toBe(row.length - 1);
					const depth = a - (bos ? 1 : 0);
					expect(depth).toBeGreaterThanOrEqual(least);
					expect(depth).toBeLessThanOrEqual(least + more);
					expect(row.length).toBeLessThanOrEqual(task.length);
					expect(row.indexOf(50)).toBe(bos ? 0 : row.indexOf(50));
					for (const id of row) expect(id >= 3 && id < 90).toBe(true);
				}
			}),
		);
	});

	test("too few ids and impossible counts are refused", () => {
		expect(() => abxa({ low: 0, high: 5, n: 4 })).toThrow(
			/abxa: needs 6 different token ids, but 0\.\.4 has 5/,
		);
		expect(() => abxa({ low: 0, high: 50, n: 0 })).toThrow(/abxa: n: got 0, allowed whole numbers from 1/);
		expect(() => abxa({ low: 0, high: 50, n: 2, depth: [3, 1] })).toThrow(/allowed \[least, most\]/);
	});
});

describe("repeat", () => {
	test("a segment of different tokens, as often as asked, behind the BOS", () => {
		fc.assert(
			fc.property(seeds, count, fc.integer({ min: 1, max: 4 }), fc.boolean(), (seed, n, times, bos) => {
				const task = repeat({ low: 2, high: 40, n, times, ...(bos && { bosId: 1 }) });
				for (const row of task.draw(new Random(seed), 3).ids) {
					expect(row.length).toBe(task.length);
					const body = bos ? row.slice(1) : row;
					if (bos) expect(row[0]).toBe(1);
					expect(new Set(body).size).toBe(n);
					for (const [p, id] of body.entries()) expect(id).toBe(body[p % n]);
				}
			}),
		);
	});

	test("tokens may recur where that is asked for", () => {
		const [row] = repeat({ low: 0, high: 3, n: 30, distinct: false }).draw(new Random(1), 1).ids;
		expect(row?.slice(0, 30)).toEqual(row?.slice(30));
		expect(new Set(row).size).toBe(3);
	});
});

test("rows do not depend on how many are drawn at a time", () => {
	const tasks = [abxa({ low: 0, high: 50, n: 4, depth: [0, 9] }), repeat({ low: 0, high: 50, n: 4 })];
	for (const task of tasks) {
		const [all, some] = [new Random(9), new Random(9)];
		const parts = [1, 3, 2].flatMap((k) => [...task.draw(some, k).ids]);
		expect(parts).toEqual(task.draw(all, 6).ids);
	}
});

test("text rows are parts of the text, each drawn once", () => {
	const ids = Array.from({ length: 47 }, (_, i) => i);
	const task = textRows({ ids, length: 11, bosId: 99 });
	expect(task.rows).toBe(4);
	const drawn = task.draw(new Random(3), 4).ids;
	for (const row of drawn) {
		expect(row[0]).toBe(99);
		expect(row.slice(1)).toEqual(ids.slice(row[1], (row[1] as number) + 10));
	}
	expect(drawn.map((row) => row[1]).sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual([0, 10, 20, 30]);
	expect(() => task.draw(new Random(3), 1)).toThrow(/1 rows asked for, 0 left of 4/);
	expect(() => textRows({ ids: [1, 2], length: 5 })).toThrow(/2 tokens, allowed from 5/);
});
