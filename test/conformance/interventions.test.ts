/** What every kind of intervention must satisfy, on models of each attention layout. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { loadModel, type Model, Tensor } from "../../src/index.js";
import { INTERVENTIONS, type Intervention } from "../../src/interventions/index.js";
import { editsOf } from "../../src/interventions/registry.js";
import { KeyValueCache } from "../../src/models/key-value-cache.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { TorchRandom } from "../../src/random/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { encodeTokens, gaussianTasks, RegressionSequences } from "../../src/tasks/regression/index.js";
import { difference } from "../../src/tensor/index.js";
import { dictionariesFor, donorsFor } from "../interventions/run-with-donors.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const task = { task_size: 3, max_examples: 4, embed_size: 16, mlp_size: 12, num_heads: 2, num_layers: 2 };
const regression = await RegressionModel.fresh(regressionConfig(task), 0, { engine });
const sequences = new RegressionSequences(gaussianTasks(3), 0.1);
const draw = (seed: number): Tensor<"float32"> => {
	const { xs, ys } = sequences.getBatch(4, 3, new TorchRandom(seed));
	return encodeTokens(xs, ys);
};
const language = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const ids = [
	[5, 9, 23, 5, 9, 40, 7],
	[3, 3, 11, 60, 31, 5, 2],
];
const otherIds = [
	[9, 9, 1, 5, 30, 44, 2],
	[61, 8, 8, 60, 12, 3, 3],
];
/** Name, model, input, and an input of the same shape that donors record. */
const models = [
	["regression", regression.model, draw(5), draw(6)],
	["gpt2", await language("rand-gpt2"), ids, otherIds],
	["llama with shared kv heads", await language("rand-llama-tied-gqa-theta5e5"), ids, otherIds],
	["gemma3 with windows and norms behind", await language("rand-gemma3"), ids, otherIds],
	["gpt-neo with windows", await language("rand-gptneo-local"), ids, otherIds],
	["gpt-neox in two steps", await language("rand-gptneox-sequential"), ids, otherIds],
	["opt", await language("rand-opt"), ids, otherIds],
] as const;

/** Whether two tensors have the same bits, so that -0 and NaN count too. */
function equalBits(a: Tensor, b: Tensor): boolean {
	const bytes = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
	return bytes(a).equals(bytes(b));
}

describe.each(INTERVENTIONS.map((kind) => [kind.kind, kind.examples as Intervention[]] as const))(
	"%s",
	(_, examples) => {
		test.each(models)(
			"%s: strength 0 keeps every bit, strength 1 does not",
			async (_, model, input, other) => {
				const clean = await model.run(input);
				// where norms, heads' results or inputs are changed, the graph computes what follows in other steps: the last bits
				// may differ from the plain graph, and what strength 0 keeps is the same graph's own clean run
				const sameGraph = async (example: Intervention): Promise<Tensor> => {
					const points = editsOf([example], { ...model.sizes, dictionaries }).map(({ point }) => point);
					if (!points.some((point) => /hook_(scale|result)$/.test(point))) return clean;
					const nothing = points.map((at) => ({ kind: "zero" as const, at, strength: 0 }));
					const untouched = await model.run(input, { interventions: nothing });
					expect(difference(untouched, clean).maxAbs).toBeLessThanOrEqual(2e-5 * largest(clean));
					return untouched;
				};
				const donors = await donorsFor(model, examples, other);
				const dictionaries = dictionariesFor(model);
				for (const example of examples) {
					const run = (strength: number): Promise<Tensor> =>
						model.run(input, { interventions: [{ ...example, strength }], donors, dictionaries });
					expect(equalBits(await run(0), await sameGraph(example)), JSON.stringify(example)).toBe(true);
					const on = await run(1);
					expect(equalBits(on, clean), JSON.stringify(example)).toBe(false);
					expect(on.data.every(Number.isFinite)).toBe(true);
				}
			},
		);

		test.each(models)("%s: a batch of cells is each cell alone", async (_, model, input, other) => {
			const rows = packed(input);
			const cells = [...examples, { ...examples[0], strength: 0.5 } as Intervention].map((e) => [e]);
			const donors = await donorsFor(model, examples, other);
			const dictionaries = dictionariesFor(model);
			const together = await model.run(repeated(rows, cells.length), { cells, donors, dictionaries });
			for (const [c, interventions] of cells.entries()) {
				const alone = await model.run(rows, { interventions, donors, dictionaries });
				const own = together.slice(0, c * (rows.shape[0] as number), (c + 1) * (rows.shape[0] as number));
				const scale = Math.max(1, ...Array.from(alone.data, Math.abs));
				expect(difference(own, alone).maxAbs / scale, JSON.stringify(interventions)).toBeLessThanOrEqual(
					2e-5,
				);
			}
		});

		test("after a past it is the rest of the whole run", async () => {
			const [, , [, model, input, other]] = models;
			const rows = packed(input);
			const donors = await donorsFor(model, examples, other);
			const dictionaries = dictionariesFor(model);
			const length = 3;
			for (const example of examples) {
				if ("over" in example && example.over === "batch-and-pos" && !("from" in example)) continue;
				const options = { interventions: [example], donors, dictionaries };
				const names = KeyValueCache.names(model);
				const { logits, cache } = await model.runWithCache(rows, { ...options, names, logits: true });
				const past = KeyValueCache.of(model, cache, { tokens: rows }).first(length);
				const rest = await model.run(rows.slice(1, length) as typeof rows, { ...options, past });
				const whole = (logits as Tensor).slice(1, length);
				const far = difference(rest, whole).maxAbs / largest(whole);
				expect(far, JSON.stringify(example)).toBeLessThanOrEqual(2e-5);
			}
		});

		test("is plain data", async () => {
			const [, model, input, other] = models[0];
			for (const example of examples) {
				const copy = JSON.parse(JSON.stringify(example)) as Intervention;
				expect(copy).toEqual(example);
				const donors = await donorsFor(model, [example], other);
				const dictionaries = dictionariesFor(model);
				const [a, b] = [
					await model.run(input, { interventions: [example], donors, dictionaries }),
					await model.run(input, { interventions: [copy], donors, dictionaries }),
				];
				expect(equalBits(a, b)).toBe(true);
			}
		});

		test("compiles nothing anew for another value of the same kind", async () => {
			const [, model, input, other] = models[0];
			const donors = await donorsFor(model, examples, other);
			const dictionaries = dictionariesFor(model);
			const [first, second] = examples as [Intervention, Intervention];
			const programs = await programsOf(async () => {
				await model.run(input, { interventions: [first], donors, dictionaries });
				await model.run(input, { interventions: [second], donors, dictionaries });
				await model.run(input);
			});
			expect(programs).toEqual([0, 0, 1]);
		});

		test("compiles nothing anew for cells in another order, of another strength, fewer or more", async () => {
			const [, model, input, other] = models[0];
			const donors = await donorsFor(model, examples, other);
			const dictionaries = dictionariesFor(model);
			const [first, second] = examples as [Intervention, Intervention];
			const programs = await programsOf(async () => {
				for (const cells of [
					[[first], [second]],
					[[second], [{ ...first, strength: 0.75 }]],
					[[first], [second], [{ ...second, strength: 0 }], []],
				])
					await model.run(repeated(packed(input), cells.length), { cells, donors, dictionaries });
			});
			expect(programs).toEqual([0, 0, 0]);
		});
	},
);

/** Which program each run goes through: equal numbers for the same. */
async function programsOf(runs: () => Promise<void>): Promise<number[]> {
	const spy = vi.spyOn(engine, "run");
	try {
		await runs();
		const programs = spy.mock.calls.map(([{ program }]) => program);
		const distinct = [...new Set(programs)];
		return programs.map((program) => distinct.indexOf(program));
	} finally {
		spy.mockRestore();
	}
}

/** The largest number's size, at least 1. */
function largest({ data }: Tensor): number {
	return Math.max(1, ...Array.from(data as Float32Array, Math.abs));
}

/** Ids as a tensor, vectors as they are. */
function packed(
	input: readonly (readonly number[])[] | Tensor<"float32">,
): Tensor<"int32"> | Tensor<"float32"> {
	return input instanceof Tensor ? input : Tensor.from(input, "int32");
}

/** The rows, so many times. */
function repeated<T extends Tensor<"int32"> | Tensor<"float32">>(rows: T, times: number): T {
	const [batch, ...rest] = rows.shape as [number, ...number[]];
	const all = Tensor.zeros([batch * times, ...rest], rows.dtype);
	for (let i = 0; i < times; i++) all.data.set(rows.data as never, i * rows.size);
	return all as T;
}
