/** Rows of different length in one batch: positions are a row's own, on whichever side the padding lies. */
import { afterAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import type { Intervention } from "../../src/interventions/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const rows = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 11, 60, 31],
];
const PAD = 0;
const sides = {
	right: { ids: rows.map((row) => [...row, ...Array<number>(7 - row.length).fill(PAD)]), first: [0, 0] },
	left: { ids: rows.map((row) => [...Array<number>(7 - row.length).fill(PAD), ...row]), first: [0, 3] },
};
const changes: Readonly<Record<string, Intervention>> = {
	"the last position": { kind: "zero", at: "resid_pre", layers: [0], positions: [-1] },
	"a position from the start": { kind: "scale", at: "z", heads: ["0.1"], factor: 3, positions: [1, -2] },
	"queries of a pattern": {
		kind: "replace-pattern",
		heads: ["1.0"],
		pattern: "first-token",
		positions: [2, -1],
	},
	"keys that are knocked out": {
		kind: "knock-out",
		heads: ["0.0", "1.1"],
		keys: [1, -2],
		positions: [3, -1],
	},
};

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", (folder) => {
	const model = loadModel(referencePath("lm", "models", folder), { engine });

	test.each(Object.entries(changes))("%s", async (_, change) => {
		const own = await model;
		for (const { ids, first } of Object.values(sides)) {
			const mask = ids.map((row, r) =>
				row.map((__, p) =>
					Number(p >= (first[r] as number) && p < (first[r] as number) + (rows[r]?.length ?? 0)),
				),
			);
			const together = await own.run(ids, { mask, interventions: [change] });
			for (const [r, row] of rows.entries()) {
				const alone = await own.run([row], { interventions: [change] });
				const at = first[r] as number;
				const found = together.select(r).slice(0, at, at + row.length);
				expect(difference(found, alone.select(0)).maxAbs).toBeLessThan(2e-5);
				// and it is a change
				expect(difference(alone, await own.run([row])).maxAbs).toBeGreaterThan(1e-3);
			}
		}
	});

	test("a position that a shorter row lacks changes nothing there", async () => {
		const own = await model;
		const interventions: Intervention[] = [{ kind: "zero", at: "resid_pre", layers: [0], positions: [5] }];
		const together = await own.run(rows, { interventions });
		const short = await own.run([rows[1] as number[]]);
		expect(difference(together.select(1).slice(0, 0, 4), short.select(0)).maxAbs).toBeLessThan(2e-5);
		await expect(
			own.run(rows, { interventions: [{ kind: "zero", at: "z", layers: [0], positions: [7] }] }),
		).rejects.toThrow("interventions[0].positions: got 7, this run has -7..6");
	});

	test("what is laid out once for all rows says where padding shifts it", async () => {
		const own = await model;
		const mask = sides.left.ids.map((row, r) =>
			row.map((_, p) => Number(p >= (sides.left.first[r] as number))),
		);
		const pairs = (query: number): Intervention[] => [
			{ kind: "edit-scores", heads: ["0.0"], pairs: [[query, 0, 2]] },
		];
		await expect(own.run(sides.left.ids, { mask, interventions: pairs(2) })).rejects.toThrow(
			"interventions[0].pairs: row 1 begins with padding",
		);
		await expect(own.run(rows, { interventions: pairs(-1) })).rejects.toThrow(
			"interventions[0].pairs: got -1, but rows of different length end at different places; count from 0",
		);
	});
});
