/** Direct logit attribution: the law that all parts add up to the logit. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { difference, loadModel, type Model, Tensor } from "../../src/index.js";
import { type DirectAttributionOptions, directAttribution } from "../../src/lens/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, RANDOM_FAMILIES, randomModelsOf, randomRows } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 2 });
afterAll(() => engine.dispose());

const UNITS = ["component", "head", "neuron"] as const;

/** All parts add up to the logits of a plain run, or to what these are capped from. */
async function expectSums(
	model: Model,
	input: number[][] | Tensor<"float32">,
	options: DirectAttributionOptions,
): Promise<void> {
	const logits = await model.run(input);
	const cap = model.family.logitCap?.(model.config);
	const uncapped = (logit: number): number => (cap ? cap * Math.atanh(logit / cap) : logit);
	for (const by of UNITS) {
		const { parts, values, total, remainder, positions } = await directAttribution(model, input, {
			...options,
			by,
			neurons: 2,
		});
		expect(new Set(parts.map(({ label }) => label)).size).toBe(parts.length);
		const [batch, scored] = total.shape as [number, number];
		for (let b = 0; b < batch; b++) {
			for (let i = 0; i < scored; i++) {
				const row = logits.select(b).select(positions[b]?.[i] as number);
				const of = (key: "answers" | "wrong"): number =>
					options[key] === undefined
						? 0
						: uncapped(row.at([options[key]].flat().at(b % [options[key]].flat().length) as number));
				const wanted = of("answers") - of("wrong");
				const { scale } = difference(logits, logits);
				const sum = parts.reduce((all, _, p) => all + values.at(p, b, i), 0);
				expect(Math.abs(total.at(b, i) - wanted)).toBeLessThanOrEqual(1e-4 * Math.max(1, scale));
				expect(Math.abs(sum - wanted)).toBeLessThanOrEqual(1e-4 * Math.max(1, scale));
				expect(Math.abs(remainder.at(b, i))).toBeLessThanOrEqual(1e-4 * Math.max(1, scale));
			}
		}
	}
}

test.each(RANDOM_FAMILIES)(
	"parts of a random %s add up to the logit, and to differences of two",
	async (name) => {
		await fc.assert(
			fc.asyncProperty(randomModelsOf([name]), randomRows, async (shape, rows) => {
				await using model = await makeModel(shape, engine);
				await expectSums(model, rows, { answers: 5, positions: [0] });
				const ragged = rows.map((row, i) => (i === 0 ? row.slice(0, -1) : row));
				await expectSums(model, ragged, { answers: rows.map((_, b) => b), wrong: 9, positions: -1 });
			}),
			{ numRuns: 3 },
		);
	},
);

test.each([
	[true, true],
	[true, false],
	[false, true],
])(
	"parts of regression models add up, whose streams double: norm %s, W_O %s",
	async (layer_norm, include_output) => {
		const task = {
			...{ task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 6, num_heads: 2, num_layers: 3 },
			...{ layer_norm, include_output },
		};
		await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
		const tokens = Tensor.zeros([2, 6, 4]);
		for (let i = 0; i < tokens.size; i++) tokens.data[i] = Math.sin(i);
		await expectSums(regression.model, tokens, { answers: 0, positions: [0] });
		const { parts } = await directAttribution(regression.model, tokens);
		expect(parts.map(({ label }) => label)).toContain("unembed.b_U");
	},
);

test("what a change adds to the stream itself is nobody's: the remainder", async () => {
	await using model = await loadModel("demo", { engine });
	const hooks = {
		"blocks.1.hook_resid_pre": (v: unknown, g: { mul(a: never, b: number): unknown }) =>
			g.mul(v as never, 1.5),
	};
	const options = { answers: " king", run: { hooks } as never };
	const { total, values, remainder } = await directAttribution(model, "red fox moon red fox", options);
	const sum = (values.data as Float32Array).reduce((a, b) => a + b, 0);
	expect(remainder.item()).toBeCloseTo(total.item() - sum, 3);
	expect(Math.abs(remainder.item())).toBeGreaterThan(1e-2);
});

test("refuses what it does not understand", async () => {
	await using model = await loadModel("demo", { engine });
	const run = (options: DirectAttributionOptions) => directAttribution(model, "red fox moon", options);
	await expect(run({})).rejects.toThrow("answers: needs the token whose logit is taken apart");
	await expect(run({ answers: "red fox" })).rejects.toThrow(/^answers: "red fox" is 2 tokens: /);
	await expect(run({ answers: " fox", by: "heads" as never })).rejects.toThrow(
		'by: no unit "heads", allowed component, head, neuron; nearest: head',
	);
	await expect(run({ answers: " fox", neurons: -1 })).rejects.toThrow("neurons: got -1, allowed");
	await expect(run({ answers: " fox", positions: 9 })).rejects.toThrow(
		"positions of row 0: positions 9, allowed within its tokens 0:3",
	);
	await expect(run({ answers: [" fox", " red"] })).rejects.toThrow("answers: 2 answers for 1 row");
});
