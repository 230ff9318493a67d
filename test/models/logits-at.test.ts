/** Logits at chosen positions are those of the whole run, however it is run. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { grad } from "../../src/graph/grad.js";
import {
	allclose,
	type G,
	loadModel,
	type Model,
	type ModelInput,
	Tensor,
	type Value,
} from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { TorchRandom } from "../../src/random/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { encodeTokens, gaussianTasks, RegressionSequences } from "../../src/tasks/regression/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const task = { task_size: 3, max_examples: 4, embed_size: 16, mlp_size: 12, num_heads: 2, num_layers: 2 };
const regression = await RegressionModel.fresh(regressionConfig(task), 0, { engine });
const { xs, ys } = new RegressionSequences(gaussianTasks(3), 0.1).getBatch(4, 2, new TorchRandom(5));
const language = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 3, 11, 60, 31, 5, 2],
];
const gpt2 = await language("rand-gpt2");
const models: readonly (readonly [string, Model, ModelInput])[] = [
	["regression", regression.model, encodeTokens(xs, ys)],
	["gpt2", gpt2, ids],
	["llama with shared kv heads", await language("rand-llama-tied-gqa-theta5e5"), ids],
	["phi with parallel blocks", await language("rand-phi"), ids],
	["opt", await language("rand-opt"), ids],
];
const AT = [
	[6, 0, 3],
	[1, 1, 5],
];

/** Rows of logits [batch, pos, vocab] at positions. */
function pick(logits: Tensor, at: readonly (readonly number[])[]): Tensor {
	const rows = at.map((row, b) => row.map((p) => Array.from(logits.select(b).select(p).data, Number)));
	return Tensor.from(rows);
}

describe.each(models)("%s", (_, model, input) => {
	test("equals the plain run there", async () => {
		const logits = await model.run(input, { logitsAt: AT });
		expect(logits.shape).toEqual([2, 3, model.config.vocab]);
		expect(allclose(logits, pick(await model.run(input), AT), 1e-5, 1e-5)).toBe(true);
	});

	test("with padding, from a layer on, and with a tensor of positions", async () => {
		const mask = [
			[1, 1, 1, 1, 1, 1, 1],
			[0, 0, 1, 1, 1, 1, 1],
		];
		const at = [
			[6, 2],
			[2, 6],
		];
		const padded = model === regression.model ? {} : { mask };
		const wanted = pick(await model.run(input, padded), at);
		const logitsAt = Tensor.from(at, "int32");
		const got = await model.run(input, { ...padded, logitsAt });
		expect(allclose(got, wanted, 1e-5, 1e-5)).toBe(true);
		const resid = await model.run(input, { ...padded, stopAtLayer: 1 });
		for (const concrete of [false, true]) {
			const later = await model.run(resid, { ...padded, startAtLayer: 1, logitsAt, concrete });
			expect(allclose(later, wanted, 1e-5, 1e-5)).toBe(true);
		}
	});

	test("the gradient of a logit at one position is that of the whole run's", async () => {
		const gradient = async (logitsAt: number[][] | undefined, scored: number): Promise<Tensor> => {
			const outputs = (get: (name: string) => Value, g: G) => {
				const at = g.slice(g.slice(get("logits"), 1, scored, scored + 1), 2, 0, 1);
				const [d] = grad(g.sum(at, [0, 1, 2], { keepDims: false }), [get("blocks.0.hook_resid_pre")]);
				return { d: d as Value };
			};
			const readout = { names: "blocks.0.hook_resid_pre", concrete: true, outputs };
			return (await model.read(input, readout, { logitsAt })).get("d") as Tensor;
		};
		const [whole, scored] = [
			await gradient(undefined, 4),
			await gradient(
				[
					[1, 4],
					[0, 4],
				],
				1,
			),
		];
		expect(whole.data.some((x) => x !== 0)).toBe(true);
		expect(allclose(scored, whole, 1e-5, 1e-5)).toBe(true);
	});
});

test("other positions of the same number compile nothing", async () => {
	const runs = vi.spyOn(engine, "run");
	await gpt2.run(ids, { logitsAt: [[0], [1]] });
	await gpt2.run(ids, { logitsAt: [[5], [3]] });
	await gpt2.run(ids, {
		logitsAt: [
			[5, 1],
			[3, 1],
		],
	});
	const [first, ...others] = runs.mock.calls.map(([{ program }]) => program);
	runs.mockRestore();
	for (const program of others) expect(program).toBe(first);
});

test.each([
	[{ logitsAt: [[0]] }, "logitsAt: positions of 1 rows for 2 rows of input"],
	[{ logitsAt: [[0, 1], [2]] }, "logitsAt[1]: 1 positions, but row 0 has 2"],
	[{ logitsAt: [[0], [7]] }, "logitsAt[1][0]: got 7, allowed positions 0..6"],
	[{ logitsAt: [[-1], [0]] }, "logitsAt[0][0]: got -1, allowed positions 0..6"],
	[{ logitsAt: [[], []] }, "logitsAt: no positions; every row needs at least one"],
	[
		{ logitsAt: [[0], [0]], stopAtLayer: 1 },
		"logitsAt: a run that stops at a layer has no logits; leave out one of the two",
	],
])("refuses %j", async (options, message) => {
	await expect(gpt2.run(ids, options)).rejects.toThrow(message);
});
