/** What every kind of intervention must satisfy, on models of each attention layout. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { INTERVENTIONS, type Intervention } from "../../src/interventions/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { TorchRandom } from "../../src/random/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { encodeTokens, gaussianTasks, RegressionSequences } from "../../src/tasks/regression/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const task = { task_size: 3, max_examples: 4, embed_size: 16, mlp_size: 12, num_heads: 2, num_layers: 2 };
const regression = await RegressionModel.fresh(regressionConfig(task), 0, { engine });
const { xs, ys } = new RegressionSequences(gaussianTasks(3), 0.1).getBatch(4, 3, new TorchRandom(5));
const language = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 3, 11, 60, 31, 5, 2],
];
const models = [
	["regression", regression.model, encodeTokens(xs, ys)],
	["gpt2", await language("rand-gpt2"), ids],
	["llama with shared kv heads", await language("rand-llama-tied-gqa-theta5e5"), ids],
] as const;

/** Bits of a tensor, so that -0 and NaN count too. */
const bits = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe.each(INTERVENTIONS.map((kind) => [kind.kind, kind.examples as Intervention[]] as const))(
	"%s",
	(_, examples) => {
		test.each(models)("%s: strength 0 keeps every bit, strength 1 does not", async (_, model, input) => {
			const clean = await model.run(input);
			for (const example of examples) {
				const off = await model.run(input, { interventions: [{ ...example, strength: 0 }] });
				expect(bits(off)).toEqual(bits(clean));
				const on = await model.run(input, { interventions: [{ ...example, strength: 1 }] });
				expect(bits(on), JSON.stringify(example)).not.toEqual(bits(clean));
				expect(on.data.every(Number.isFinite)).toBe(true);
			}
		});

		test("is plain data", async () => {
			const [, model, input] = models[0];
			for (const example of examples) {
				const copy = JSON.parse(JSON.stringify(example)) as Intervention;
				expect(copy).toEqual(example);
				const [a, b] = [
					await model.run(input, { interventions: [example] }),
					await model.run(input, { interventions: [copy] }),
				];
				expect(bits(a)).toEqual(bits(b));
			}
		});

		test("compiles nothing anew for another value of the same kind", async () => {
			const [, model, input] = models[0];
			const runs = vi.spyOn(engine, "run");
			for (const example of examples.slice(0, 2)) await model.run(input, { interventions: [example] });
			await model.run(input);
			const programs = runs.mock.calls.map(([{ program }]) => program);
			runs.mockRestore();
			expect(programs[0]).toBe(programs[1]);
			expect(programs[2]).not.toBe(programs[0]);
		});
	},
);
