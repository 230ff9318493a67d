/** The logit lens: what holds of it for every model, and what it must refuse. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { difference, loadModel, type Model, Tensor } from "../../src/index.js";
import { logitLens } from "../../src/lens/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, randomModels, randomRows } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 2 });
afterAll(() => engine.dispose());

test("the last point is the model's own prediction, of rows of different length too", async () => {
	await fc.assert(
		fc.asyncProperty(randomModels, randomRows, async (shape, rows) => {
			await using model = await makeModel(shape, engine);
			const ragged = rows.map((row, i) => (i === 0 ? row.slice(0, -1) : row));
			const all = ["resid_pre", "attn_out", "resid_mid", "mlp_out"] as const;
			const points = new Set(model.hookPoints().map(({ name }) => name));
			const at = all.filter((point) => points.has(`blocks.0.hook_${point}`));
			const lens = await logitLens(model, ragged, { at, positions: -1, logits: true, top: 3, answers: 7 });
			expect(lens.points).toHaveLength(at.length * model.config.nLayers + 1);
			const logits = await model.run(ragged);
			for (const [b, row] of ragged.entries()) {
				expect(lens.positions[b]).toEqual([row.length - 1]);
				const own = logits.select(b).select(row.length - 1);
				const read = (lens.logits as Tensor).select(-1).select(b).select(0);
				expect(difference(read, own).maxAbs).toBeLessThanOrEqual(
					1e-5 * Math.max(1, difference(read, own).scale),
				);
				// log-probabilities, best tokens and rank are those of the logits that were returned
				const numbers = [...(read.data as Float32Array)];
				const total = Math.log(numbers.reduce((sum, v) => sum + Math.exp(v), 0));
				const order = [...numbers.keys()].sort((a, c) => (numbers[c] as number) - (numbers[a] as number));
				expect([0, 1, 2].map((k) => lens.top?.ids.at(-1, b, 0, k))).toEqual(order.slice(0, 3));
				expect(lens.top?.logProbs.at(-1, b, 0, 0)).toBeCloseTo(
					(numbers[order[0] as number] as number) - total,
					4,
				);
				expect(lens.answer?.logProbs.at(-1, b, 0)).toBeCloseTo((numbers[7] as number) - total, 4);
				expect(lens.answer?.ranks.at(-1, b, 0)).toBe(order.indexOf(7));
			}
		}),
		{ numRuns: 10 },
	);
});

test("regression models: predictions of each layer; the last are the model's", async () => {
	const task = { task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 6, num_heads: 2, num_layers: 2 };
	await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
	const tokens = Tensor.zeros([2, 6, 4]);
	for (let i = 0; i < tokens.size; i++) tokens.data[i] = Math.sin(i);
	const lens = await logitLens(regression.model, tokens);
	expect(lens.logits?.shape).toEqual([3, 2, 6, 4]);
	const last = (lens.logits as Tensor).select(-1);
	expect(difference(last, await regression.model.run(tokens)).maxAbs).toBeLessThanOrEqual(1e-5);
	await expect(logitLens(regression.model, tokens, { answers: 1 })).rejects.toThrow(
		"answers: regression predicts numbers, not tokens; its logits are predictions",
	);
	await expect(logitLens(regression.model, [[1, 2]])).rejects.toThrow(
		"input: this model's tokens are vectors",
	);
});

test("an intervention is seen from its layer on", async () => {
	await using model = await loadModel("demo", { engine });
	const read = (run = {}): ReturnType<typeof logitLens> =>
		logitLens(model, "red fox moon bread king red fox moon bread", { answers: " king", positions: -1, run });
	const [clean, changed] = [await read(), await read({ interventions: [{ kind: "zero", heads: ["1.2"] }] })];
	const at = (lens: Awaited<ReturnType<typeof logitLens>>, label: string): number =>
		lens.answer?.logProbs.at(lens.labels.indexOf(label), 0, 0) as number;
	expect(at(changed, "1_pre")).toBe(at(clean, "1_pre"));
	expect(at(changed, "final_post")).not.toBe(at(clean, "final_post"));
});

describe("refuses", () => {
	let model: Model;
	const lens = (options: Parameters<typeof logitLens>[2], input: string | string[] = "red fox moon") =>
		logitLens(model, input, options);

	test("what it does not understand", async () => {
		model = await loadModel("demo", { engine });
		await expect(lens({ answers: "red fox" })).rejects.toThrow(/^answers: "red fox" is 2 tokens: .*red.*fox/);
		await expect(lens({ answers: 9999 })).rejects.toThrow("answers: no token 9999, allowed 0..");
		await expect(lens({ wrong: "fox" })).rejects.toThrow("wrong: goes with answers");
		await expect(lens({ positions: 3 })).rejects.toThrow(
			"positions of row 0: positions 3, allowed within its tokens 0:3",
		);
		await expect(lens({}, ["red fox", "red fox moon"])).rejects.toThrow(
			"positions: rows have 2 and 3 of them; choose one that all have, such as -1",
		);
		await expect(lens({ at: ["resid_post" as never] })).rejects.toThrow(
			'at: no point "resid_post", allowed resid_pre, attn_out, resid_mid, mlp_out; nearest: resid_pre',
		);
		await expect(lens({ at: [] })).rejects.toThrow("at: the list is empty");
		await expect(lens({ top: -1 })).rejects.toThrow("top: got -1, allowed whole numbers 0..");
		await model.dispose();
	});
});
