/** A run that goes on from earlier keys and values is the rest of the whole run. */
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import {
	difference,
	type Intervention,
	KeyValueCache,
	loadModel,
	type Model,
	type RunOptions,
	type Tensor,
} from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { TorchRandom } from "../../src/random/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { encodeTokens, gaussianTasks, RegressionSequences } from "../../src/tasks/regression/index.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const language = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const gpt2 = await language("rand-gpt2");
const llama = await language("rand-llama-tied-gqa-theta5e5");
const gemma3 = await language("rand-gemma3");
const olmo2 = await language("rand-olmo2");
const mistral = await language("rand-mistral-sliding");
const phi3 = await language("rand-phi3");
const gptNeox = await language("rand-gptneox");
const gptj = await language("rand-gptj");
const gptNeo = await language("rand-gptneo-local");
const opt = await language("rand-opt");
const shortformer = await language("hooked-shortformer");
const task = { task_size: 3, max_examples: 4, embed_size: 16, mlp_size: 12, num_heads: 2, num_layers: 2 };
const regression = await RegressionModel.fresh(regressionConfig(task), 0, { engine });
const { xs, ys } = new RegressionSequences(gaussianTasks(3), 0.1).getBatch(4, 2, new TorchRandom(5));
const ids = [
	[5, 9, 23, 5, 9, 40, 7, 11],
	[3, 3, 11, 60, 31, 5, 2, 8],
];
const models = [
	["gpt2", gpt2],
	["llama with shared kv heads", llama],
	["gemma3 with windows", gemma3],
	["olmo2", olmo2],
	["mistral with windows", mistral],
	["phi3", phi3],
	["gpt-neox", gptNeox],
	["gpt-j", gptj],
	["gpt-neo with windows", gptNeo],
	["opt", opt],
	["shortformer", shortformer],
] as const;

const far = (a: Tensor, b: Tensor): number =>
	difference(a, b).maxAbs / Math.max(1, difference(a, b).scale / 10);

/** Keys and values of what a run of `rows` keeps, after an earlier past. */
async function keep(model: Model, rows: number[][], options: RunOptions = {}): Promise<KeyValueCache> {
	const { cache } = await model.runWithCache(rows, {
		...options,
		names: KeyValueCache.names(model),
		logits: false,
	});
	const { tokens, mask } = model.pack(rows, options);
	const own = KeyValueCache.of(model, cache, { tokens, mask });
	return options.past ? options.past.append(own) : own;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const cut = (rows: number[][], from: number, to?: number): number[][] =>
	rows.map((row) => row.slice(from, to));

describe.each(models)("%s", (_, model) => {
	test("any split gives the logits and activations of the whole run", async () => {
		const names = /hook_/;
		const whole = await model.runWithCache(ids, { names });
		const length = ids[0]?.length ?? 0;
		await fc.assert(
			fc.asyncProperty(
				fc.uniqueArray(fc.integer({ min: 1, max: length - 1 }), { minLength: 1, maxLength: 3 }),
				async (splits) => {
					let past: KeyValueCache | undefined;
					let from = 0;
					for (const to of [...splits.sort((a, b) => a - b), length]) {
						const rows = cut(ids, from, to);
						const part = await model.runWithCache(rows, { names, past });
						expect(far(part.logits, whole.logits.slice(1, from, to))).toBeLessThanOrEqual(2e-5);
						for (const [name, got] of part.cache) {
							let expected = whole.cache.get(name);
							const axis = expected.axes?.findIndex((a) => a === "pos" || a === "query") ?? -1;
							expected = expected.slice(axis, from, to);
							if (expected.axes?.at(-1) === "key") expected = expected.slice(3, 0, to);
							if (name.endsWith("scores")) continue; // -Infinity minus itself is no number
							expect(far(got, expected), name).toBeLessThanOrEqual(2e-5);
						}
						past = await keep(model, rows, { past });
						from = to;
					}
				},
			),
			{ numRuns: 8 },
		);
	});

	test("one program serves every length, and is not that of a run without a past", async () => {
		const runs = vi.spyOn(engine, "run");
		for (const p of [0, 1, 4, 7]) {
			const past = (await keep(model, ids)).first(p);
			const part = await model.run(cut(ids, p), { past });
			expect(far(part, (await model.run(ids)).slice(1, p))).toBeLessThanOrEqual(2e-5);
		}
		const programs = new Set(runs.mock.calls.map(([{ program }]) => program.key));
		runs.mockRestore();
		expect(programs.size).toBe(3); // what is kept, after a past, the whole
		const plain = [...programs].filter((text) => !text.includes("past"));
		expect(plain).toHaveLength(2);
		for (const text of plain) expect(text).not.toMatch(/key_positions|concat.*kv/);
	});

	test("padding on the left is seen neither in the past nor in what follows", async () => {
		const rows = [[0, 0, 5, 9, 23], ids[1]?.slice(0, 5) ?? []];
		const mask = [
			[0, 0, 1, 1, 1],
			[1, 1, 1, 1, 1],
		];
		const past = await keep(model, rows, { mask });
		const next = cut(ids, 5);
		const after = await model.run(next, { past });
		const alone = [await model.run([[5, 9, 23, ...(next[0] ?? [])]]), await model.run([ids[1] ?? []])];
		expect(far(after.slice(0, 0, 1), (alone[0] as Tensor).slice(1, 3))).toBeLessThanOrEqual(2e-5);
		expect(far(after.slice(0, 1, 2), (alone[1] as Tensor).slice(1, 5))).toBeLessThanOrEqual(2e-5);
		const second = await model.run([next[1] ?? []], { past: past.rows([1]) });
		expect(far(second, (alone[1] as Tensor).slice(1, 5))).toBeLessThanOrEqual(2e-5);
	});

	test("layers from one on, after their past", async () => {
		const { cache, logits } = await model.runWithCache(ids);
		const past = KeyValueCache.of(model, cache).first(5);
		const resid = cache.get("resid_pre", 1).slice(1, 5);
		const names = KeyValueCache.names(model, range(model.config.nLayers).slice(1));
		const kept = await model.runWithCache(ids, { names });
		const upper = KeyValueCache.of(model, kept.cache);
		for (const given of [past, upper.first(5)]) {
			const part = await model.run(resid, { startAtLayer: 1, past: given });
			expect(far(part, logits.slice(1, 5))).toBeLessThanOrEqual(2e-5);
		}
		await expect(model.run(cut(ids, 5), { past: upper.first(5) })).rejects.toThrow(
			"past: lacks layer 0; it has 1",
		);
	});

	test("a repeated past stands before repeated rows", async () => {
		const past = (await keep(model, cut(ids, 0, 3))).repeat(2);
		const rest = cut(ids, 3);
		const out = await model.run([...rest, ...rest], { past });
		const whole = (await model.run(ids)).slice(1, 3);
		expect(far(out.slice(0, 0, 2), whole)).toBeLessThanOrEqual(2e-5);
		expect(far(out.slice(0, 2, 4), whole)).toBeLessThanOrEqual(2e-5);
	});

	test.each<[string, Intervention & { positions?: readonly number[] }]>([
		["zero at positions of both parts", { kind: "zero", heads: ["0.1", "1.0"], positions: [1, 6] }],
		["zero at the last position", { kind: "zero", heads: ["0.1", "1.0"], positions: [-1], strength: 0.5 }],
		["mean over rows", { kind: "mean", heads: ["0.0"] }],
		["induction", { kind: "replace-pattern", heads: ["1.1"], pattern: "induction" }],
		["one row", { kind: "replace-pattern", heads: "all", pattern: "uniform", rows: [1], positions: [2, 5] }],
	])("interventions name positions of the whole sequence: %s", async (_, intervention) => {
		const whole = await model.run(ids, { interventions: [intervention] });
		expect(far(whole, await model.run(ids))).toBeGreaterThan(1e-4);
		for (const p of [3, 7]) {
			// positions before the past's end act in the run that made it, others in the one after it
			const before = intervention.positions?.filter((at) => at >= 0 && at < p);
			const early = before ? { ...intervention, positions: before } : intervention;
			const past = await keep(model, cut(ids, 0, p), { interventions: before?.length === 0 ? [] : [early] });
			const part = await model.run(cut(ids, p), { past, interventions: [intervention] });
			expect(far(part, whole.slice(1, p))).toBeLessThanOrEqual(2e-5);
		}
	});
});

test("regression transformers go on from a past too", async () => {
	const { model } = regression;
	const tokens = encodeTokens(xs, ys);
	const { cache, logits } = await model.runWithCache(tokens, { names: [/hook_[kv]$/] });
	const past = KeyValueCache.of(model, cache, { tokens }).first(3);
	const rest = tokens.slice(1, 3) as Tensor<"float32">;
	expect(far(await model.run(rest, { past }), logits.slice(1, 3))).toBeLessThanOrEqual(2e-5);
	const interventions = [{ kind: "replace-pattern", heads: ["1.1"], pattern: "induction" } as const];
	const changed = await model.run(tokens, { interventions });
	expect(far(await model.run(rest, { past, interventions }), changed.slice(1, 3))).toBeLessThanOrEqual(2e-5);
});

test("what is not understood is refused", async () => {
	const past = await keep(gpt2, ids);
	const { nCtx } = gpt2.config;
	const long = await keep(gpt2, [Array(nCtx).fill(1)]);
	await expect(gpt2.run([[1]], { past: long })).rejects.toThrow(`past: ${nCtx} positions and 1 more`);
	await expect(gpt2.run([[1]], { past })).rejects.toThrow("past: has 2 rows, but the input 1");
	await expect(llama.run([[1], [2]], { past })).rejects.toThrow(/past: layer 0 must be float32\[2, 8, /);
	expect(() => past.first(9)).toThrow("got 9 positions, allowed 0..8");
	expect(() => past.rows([2])).toThrow("got row 2, allowed 0..1");
	expect(() => past.append(long)).toThrow("1 rows cannot follow 2");
	const { cache } = await llama.runWithCache(ids, { names: /hook_[kv]$/ }); // keys before their rotation
	expect(() => KeyValueCache.of(llama, cache)).toThrow(
		/ask for KeyValueCache.names\(model\), such as .*hook_rot_k/,
	);
	const both = await gpt2.runWithCache(ids, { names: KeyValueCache.names(gpt2) });
	const { tokens } = gpt2.pack([[1, 2]]);
	expect(() => KeyValueCache.of(gpt2, both.cache, { tokens })).toThrow(/tokens .* for rows \[2, 8\]/);
	const mean = { kind: "mean", heads: ["0.0"], over: "batch-and-pos" } as const;
	await expect(gpt2.run(ids, { past, interventions: [mean] })).rejects.toThrow("a run after a past");
	const induction = { kind: "replace-pattern", heads: ["0.0"], pattern: "induction" } as const;
	const unnamed = KeyValueCache.of(gpt2, both.cache);
	await expect(gpt2.run(ids, { past: unnamed, interventions: [induction] })).rejects.toThrow(
		"past without them",
	);
});
