import { afterAll, describe, expect, test, vi } from "vitest";
import { loadCheckpoint, loadModel } from "../models/load-model.js";
import type { Model } from "../models/model.js";
import { LocalEngine } from "../runtime/local-engine.js";
import { openCheckpoint } from "../weights/node.js";
import { controlOf } from "./control.js";
import { detectHead, findScore, type HeadScores, SCORES, scoreHeads, standsOut } from "./index.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const demo = await loadModel("demo", { engine });
const reference = async (name: string): Promise<Model> =>
	loadCheckpoint(
		await openCheckpoint(new URL(`../../test/reference/lm/models/${name}`, import.meta.url).pathname),
		{ engine },
	);

const best = ({ ranking }: HeadScores): string | undefined => ranking[0]?.head;

function expectSame(a: HeadScores, b: HeadScores): void {
	for (const [l, row] of a.values.entries()) {
		for (const [h, value] of row.entries()) expect(value).toBeCloseTo(b.values[l]?.[h] as number, 5);
	}
	for (const [l, row] of (a.control ?? []).entries()) {
		for (const [h, value] of row.entries()) expect(value).toBeCloseTo(b.control?.[l]?.[h] as number, 5);
	}
}

describe("what models show", () => {
	test("the demo's induction heads are in layer 1 and its previous-token head is 0.1", async () => {
		const names = ["induction", "induction-repeat", "previous-token", "prefix-matching", "duplicate-token"];
		const found = await scoreHeads(demo, names);
		const at = (name: string): HeadScores => found.get(name) as HeadScores;
		expect(
			at("induction-repeat")
				.ranking.filter(standsOut)
				.map(({ head }) => head[0]),
		).toEqual(Array(4).fill("1"));
		expect(best(at("induction"))).toBe("1.3");
		expect(best(at("prefix-matching"))).toBe("1.3");
		expect(best(at("previous-token"))).toBe("0.1");
		expect(at("previous-token").control).toBeUndefined();
		// no head of this model looks for the token itself
		expect(at("duplicate-token").ranking.some(standsOut)).toBe(false);
	});

	test("stories260k has no induction head", async () => {
		await using model = await reference("stories260k");
		const found = await scoreHeads(model, ["induction", "induction-repeat"], { samples: 20 });
		for (const { ranking } of found.values()) {
			expect(ranking.some(standsOut)).toBe(false);
			expect(ranking[0]?.lift).toBeLessThan(0.05);
		}
	});

	test("a head that copies what it attends to does so by its output weights", async () => {
		await using model = await reference("tiny-gpt2-induction");
		const copying = await scoreHeads(model, "copying");
		// its induction heads fill layer 1 but for 1.0, and layer 0's previous-token head copies nothing
		expect(best(copying)?.[0]).toBe("1");
		expect(copying.values[0]?.[0]).toBeLessThan(copying.values[1]?.[1] as number);
	});
});

describe("samples", () => {
	test("equal options give equal scores, whatever else is asked for and however small the chunks are", async () => {
		const options = { samples: 9, seed: 5 };
		const alone = await scoreHeads(demo, "induction-repeat", options);
		const small = await scoreHeads(
			demo,
			SCORES.map((s) => s.name),
			{ ...options, memory: 1 },
		);
		expectSame(small.get("induction-repeat") as HeadScores, alone);
		const other = await scoreHeads(demo, "induction-repeat", { ...options, seed: 6 });
		expect(other.values).not.toEqual(alone.values);
	});

	test("a row scores the same behind padding and beside a longer row", async () => {
		const row = [20, 30, 40, 50, 20, 30, 40, 50];
		const other = [21, 31, 41, 21, 31, 41, 51, 61, 71, 21];
		const names = SCORES.filter((s) => s.name !== "induction").map((s) => s.name);
		const plain = await scoreHeads(demo, names, { ids: [row] });
		const padded = await scoreHeads(demo, names, {
			ids: [[0, 0, ...row]],
			mask: [[0, 0, ...row.map(() => 1)]],
		});
		const second = await scoreHeads(demo, names, { ids: [other] });
		const both = await scoreHeads(demo, names, { ids: [row, other] });
		for (const name of names) {
			const at = (found: Map<string, HeadScores>): HeadScores => found.get(name) as HeadScores;
			const mean = at(plain).values.map((heads, l) =>
				heads.map((value, h) => (value + (at(second).values[l]?.[h] as number)) / 2),
			);
			// controls differ: the first row of a run has the first row's seed, so only scores are compared
			const { control: _, ...one } = at(plain);
			expectSame(one, at(padded));
			expectSame({ ...one, values: mean }, at(both));
		}
	});

	test("natural text is cut into rows", async () => {
		const text = Array(12).fill("red fox moon bread king").join(" ");
		const scored = await scoreHeads(demo, "induction-repeat", { text, n: 10 });
		expect(scored.samples).toBe(3);
		expect(best(scored)).toBe("1.3");
	});

	test("progress counts every row once and ends at the total; an aborted run rejects", async () => {
		const seen: [number, number][] = [];
		const onProgress = (done: number, total: number): void => void seen.push([done, total]);
		await scoreHeads(demo, ["induction", "induction-repeat"], { samples: 4, memory: 1, onProgress });
		expect(seen.map(([done]) => done)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
		expect(seen.at(-1)).toEqual([8, 8]);
		await expect(scoreHeads(demo, "induction", { signal: AbortSignal.abort() })).rejects.toThrow();
	});

	test("one row has no interval, and nothing stands out", async () => {
		const { ranking } = await scoreHeads(demo, "induction-repeat", { samples: 1 });
		expect(ranking[0]).not.toHaveProperty("low");
		expect(ranking.some(standsOut)).toBe(false);
	});

	test.each([
		[{ n: 17 }, /n: 17 for repeat samples, allowed 1\.\.16 \(context 32/],
		[{ samples: 0 }, /samples: got 0, allowed whole numbers from 1/],
		[{ range: [5, 200] as const }, /range: got \[5, 200\), allowed 0 <= low < high <= 128/],
		[{ ids: [[1, 2, 3]] }, /row 0 has no position/],
		[{ ids: [[4, 4, 400]] }, /400 is not a token id/],
		[{ mask: [[1]] }, /mask: given without ids/],
		[{ text: "red" }, /text: 1 tokens, allowed from 32/],
	])("%j is refused", async (options, message) => {
		await expect(scoreHeads(demo, "induction-repeat", options)).rejects.toThrow(message);
	});

	test("modes that go by the segment want to know its length", async () => {
		const ids = [[20, 30, 20, 30]];
		await expect(scoreHeads(demo, "induction-repeat:tl-compatible", { ids })).rejects.toThrow(
			/one repeated segment/,
		);
	});
});

test("a control keeps all but the scored tokens, whose replacements do not occur", () => {
	const score = findScore("induction-repeat");
	const ids = [
		[10, 11, 12, 10, 11, 12],
		[5, 6, 5, 7, 5, 8],
	];
	const control = controlOf(score, { ids, bos: false }, { low: 0, high: 20 }, [1, 2]);
	for (const [r, row] of ids.entries()) {
		const got = control.ids[r] as readonly number[];
		const replaced = row.map((id, p) => row.indexOf(id) < p);
		for (const [p, id] of got.entries()) {
			if (!replaced[p]) expect(id).toBe(row[p]);
			else expect(row).not.toContain(id);
		}
		expect(new Set(got).size).toBe(got.length);
	}
	expect(() => controlOf(score, { ids: [[0, 1, 0, 1]], bos: false }, { low: 0, high: 2 }, [1])).toThrow(
		/none is left/,
	);
});

describe("detectHead", () => {
	const ids = [20, 30, 40, 20, 30, 40];

	test("a custom pattern that is the named one gives the named one's scores, with every option", async () => {
		const n = ids.length;
		const previous = Array.from({ length: n }, (_, q) =>
			Array.from({ length: n }, (__, k) => (k === q - 1 ? 1 : 0)),
		);
		for (const measure of ["mul", "abs"] as const) {
			for (const excludeBos of [false, true]) {
				const options = { measure, excludeBos, excludeCurrentToken: !excludeBos };
				const named = await detectHead(demo, [ids], "previous_token_head", options);
				expect((await detectHead(demo, [ids], previous, options)).data).toEqual(named.data);
				// a list keeps the options, as TransformerLens did not before September 2026
				expect((await detectHead(demo, [ids, ids], "previous-token", options)).data).toEqual(named.data);
			}
		}
	});

	test("prompts of any length and every pattern share one program for each measure", async () => {
		const runs = vi.spyOn(engine, "run");
		for (const [prompt, detection, measure] of [
			[ids, "induction", "mul"],
			[ids.slice(1), "previous-token", "mul"],
			[ids, "duplicate-token", "abs"],
			[ids.slice(2), "induction", "abs"],
		] as const)
			await detectHead(demo, [prompt], detection, { measure, excludeBos: true });
		const programs = runs.mock.calls.map(([{ program }]) => program);
		runs.mockRestore();
		expect(programs).toHaveLength(4);
		expect(new Set(programs).size).toBe(2);
	});

	test("heads that were not asked for get -1, and a pattern without ones scores 0", async () => {
		const scores = await detectHead(demo, [ids], "induction", { heads: [[1, 2]] });
		expect(scores.at(0, 0)).toBe(-1);
		expect(scores.at(1, 2)).toBeGreaterThan(0);
		const nothing = await detectHead(demo, [[20, 30, 40]], "induction");
		expect([...nothing.data]).toEqual(Array(8).fill(0));
	});

	test.each([
		[[[1]], "induction", {}, /a prompt of 1 tokens, allowed 2 to 31/],
		[[ids], "induktion", {}, /no detection pattern "induktion", allowed: previous-token/],
		[[ids], [[1]], {}, /shape \[1, 1\] for a prompt of 6 tokens/],
		[
			[[20, 30]],
			[
				[0, 1],
				[0, 0],
			],
			{},
			/pattern\[0\]\[1\] lies above the diagonal/,
		],
		[[ids], "induction", { heads: [[2, 0]] }, /no head 2\.0, allowed 0\.0 to 1\.3/],
	] as const)("%j, %j, %j is refused", async (prompts, detection, options, message) => {
		await expect(detectHead(demo, prompts, detection, options)).rejects.toThrow(message);
	});
});
