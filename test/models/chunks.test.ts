/** A run in chunks of positions is the whole run, in memory that grows with the chunk. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { difference, loadModel, type Model, type Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const models = [
	["gpt2", await load("rand-gpt2")],
	["llama", await load("rand-llama-tied-gqa-theta5e5")],
	["gpt-neo with windows", await load("rand-gptneo-local")],
	["gpt-j", await load("rand-gptj")],
] as const;
const ids = [
	[5, 9, 23, 5, 9, 40, 7, 11],
	[3, 3, 11, 60, 31, 5, 2, 8],
];
const ragged = [ids[0] as number[], (ids[1] as number[]).slice(0, 5)];

const far = (a: Tensor, b: Tensor): number =>
	difference(a, b).maxAbs / Math.max(1, difference(a, b).scale / 10);

describe.each(models)("%s", (_, model) => {
	test("any chunk gives the whole run's logits and activations", async () => {
		const names = /resid|hook_[qkvz]$|mlp|ln1/;
		const runs = await Promise.all(
			[ids, ragged].map(async (rows) => [rows, await model.runWithCache(rows, { names })] as const),
		);
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 1, max: 9 }),
				fc.constantFrom(...runs),
				async (chunk, [rows, whole]) => {
					// a chunk may hold nothing but a row's padding: that is refused, see below
					fc.pre(rows === ids || [4, 8, 9].includes(chunk));
					const { logits, cache } = await model.runWithCache(rows, { names, chunk });
					expect(cache.names.toSorted()).toEqual(whole.cache.names.toSorted());
					expect(logits.shape).toEqual(whole.logits.shape);
					// rows of padding are nobody's: the second row of the ragged batch ends early
					const valid = (x: Tensor): Tensor => (rows === ragged ? x.slice(1, 0, 5) : x);
					expect(far(valid(logits), valid(whole.logits))).toBeLessThan(5e-5);
					for (const name of cache.names)
						expect(far(valid(cache.get(name)), valid(whole.cache.get(name))), name).toBeLessThan(5e-5);
				},
			),
			{ numRuns: 12 },
		);
	});

	test("ends early, and unembeds what is asked for", async () => {
		const stopped = await model.run(ids, { stopAtLayer: 1 });
		expect(far(await model.run(ids, { stopAtLayer: 1, chunk: 3 }), stopped)).toBeLessThan(5e-5);
		const early = { names: ["blocks.0.hook_resid_post"], logits: false };
		const { cache } = await model.runWithCache(ids, { ...early, chunk: 5 });
		const whole = await model.runWithCache(ids, early);
		expect(far(cache.get("resid_post", 0), whole.cache.get("resid_post", 0))).toBeLessThan(5e-5);
		const logitsAt = [[7], [6]];
		const last = await model.run(ids, { logitsAt });
		expect(far(await model.run(ids, { logitsAt, chunk: 3 }), last)).toBeLessThan(5e-5);
	});

	test.each([
		[
			{ names: "blocks.0.attn.hook_pattern" },
			'chunk: "blocks.0.attn.hook_pattern" is not a value at each position',
		],
		[
			{ names: "hook_embed", interventions: [{ kind: "zero", heads: ["0.1"] }] },
			"chunk: interventions may look",
		],
		[
			{ names: "hook_embed", logitsAt: [[0], [7]] },
			"chunk: logitsAt asks for positions before the last chunk",
		],
		[{ names: "hook_embed", positions: 2 }, "chunk: positions cut what is kept"],
	] as const)("refuses %j", async (options, message) => {
		const names = options.names;
		await expect(model.runWithCache(ids, { ...options, names, chunk: 3 } as never)).rejects.toThrow(message);
	});

	test("refuses a chunk that is padding alone", async () => {
		await expect(model.run(ragged, { chunk: 5 })).rejects.toThrow(
			"chunk: a row has a chunk of padding alone",
		);
	});

	test("refuses a chunk that is no number of positions", async () => {
		await expect(model.run(ids, { chunk: 0 })).rejects.toThrow("chunk: got 0, allowed whole numbers from 1");
	});
});
