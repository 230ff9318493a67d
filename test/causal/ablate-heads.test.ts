/** Head ablations: against TransformerLens' numbers, and the laws they obey. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ablateGreedily, ablateHeads, ablatePairs } from "../../src/causal/ablate-heads.js";
import { loadModel, type Model, Tensor } from "../../src/index.js";
import { type Measure, measuring, readMetric } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath, referenceTensors } from "../reference-data.js";
import { expectAgreement } from "./agree.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });

async function compare(model: Model, name: string): Promise<void> {
	const reference = await referenceTensors("lm", "scores", name, "ablations.safetensors");
	const at = (key: string): Tensor => reference.get(`ablate.${key}`) as Tensor;
	const ids = at("input_ids").toNested() as number[][];
	const n = ((ids[0] as number[]).length - 1) / 2;
	// r_2 to r_n of the second copy, each predicted from the position before
	const metric = `loss@${n + 1}:${2 * n}`;
	const zero = await ablateHeads(model, { ids, metric });
	expectAgreement(zero.change.data, at("zero_change").data as Float32Array, "zero");
	const mean = await ablateHeads(model, { ids, metric, kind: "mean" });
	expectAgreement(mean.change.data, at("mean_change").data as Float32Array, "mean");
	if (name !== "tiny-gpt2-induction") return; // the same, of another metric
	const whole = await ablateHeads(model, { ids });
	expectAgreement(whole.change.data, at("zero_change_all_positions").data as Float32Array, "all positions");
}

test.each(["tiny-gpt2-induction", "tiny-llama-induction", "stories260k"])(
	"%s: every head's ablation changes the loss as in TransformerLens",
	async (name) => compare(await load(name), name),
);

describe.each(["rand-gpt2", "rand-llama-tied-gqa-theta5e5"])("%s", (folder) => {
	let model: Model;
	let measure: Measure;
	const ids = [
		[5, 9, 23, 5, 9, 40, 7, 7],
		[3, 3, 11, 60, 31, 5, 2, 90],
		[9, 8, 7, 6, 5, 4, 3, 2],
	];
	beforeAll(async () => {
		model = await load(folder);
		measure = await measuring(model, "loss", { ids });
	});

	test("every kind gives what the same interventions give one head at a time", async () => {
		const { cache } = await model.runWithCache(ids, { names: /hook_pattern$/ });
		const donors = { clean: cache };
		const frozen = (after: number) => ({
			kind: "freeze" as const,
			at: "pattern",
			layers: [...Array(model.config.nLayers).keys()].filter((layer) => layer > after),
			from: "clean",
		});
		const kinds = {
			zero: () => [{ kind: "zero" as const }],
			mean: () => [{ kind: "mean" as const, over: "batch-and-pos" as const }],
			resample: () => [{ kind: "resample" as const }],
			"frozen-patterns": () => [{ kind: "zero" as const }],
		};
		const before = await readMetric(measure);
		for (const [kind, data] of Object.entries(kinds)) {
			const found = await ablateHeads(measure, { kind: kind as keyof typeof kinds });
			expect(found.kind).toBe(kind);
			for (const { head, change, low, high } of found.cells) {
				const own = data().map((one) => ({ ...one, heads: [head] }));
				const layer = Number(head.split(".")[0]);
				const keeps = kind === "frozen-patterns" && layer < model.config.nLayers - 1;
				const interventions = [...own, ...(keeps ? [frozen(layer)] : [])];
				const after = await readMetric(measure, { interventions, donors });
				const expected = after.reduce((sum, x, r) => sum + x - (before[r] as number), 0) / after.length;
				expect(Math.abs(change - expected), `${kind} ${head}`).toBeLessThanOrEqual(2e-5);
				expect(low).toBeLessThanOrEqual(change + 1e-12);
				expect(high).toBeGreaterThanOrEqual(change - 1e-12);
			}
		}
	});

	test("takes the data of any intervention on heads, and some heads only", async () => {
		const kind = { kind: "replace-pattern", pattern: "induction" } as const;
		const found = await ablateHeads(measure, { kind, heads: ["1.1", "0.0"] });
		expect(found.cells.map(({ head }) => head)).toEqual(["0.0", "1.1"]);
		const after = await readMetric(measure, { interventions: [{ ...kind, heads: ["1.1"] }] });
		const mean = after.reduce((a, b) => a + b, 0) / after.length;
		expect(found.cells[1]?.after).toBeCloseTo(mean, 5);
		expect(found.change.at(1, 1)).toBe(found.cells[1]?.change);
		expect(found.change.at(0, 1)).toBeNaN();
		expect(found.change.axes).toEqual(["layer", "head"]);
	});

	test("a change that changes nothing is 0: strength 0, and frozen patterns without an ablation", async () => {
		const none = await ablateHeads(measure, { kind: { kind: "zero", strength: 0 } });
		const frozen = await ablateHeads(measure, { kind: { kind: "freeze", at: "pattern", from: "clean" } });
		for (const { change } of [...none.cells, ...frozen.cells])
			expect(Math.abs(change)).toBeLessThanOrEqual(2e-6);
	});

	test("on top of changes each head is compared with these alone", async () => {
		const base = [
			{ kind: "zero", heads: ["0.1"] },
			{ kind: "freeze", at: "pattern", layers: [1], from: "other" },
		] as const;
		const { cache } = await model.runWithCache([...ids].reverse(), { names: /hook_pattern$/ });
		const donors = { other: cache };
		const told: number[] = [];
		const found = await ablateHeads(measure, {
			kind: "mean",
			base,
			donors,
			onCells: (cells) => told.push(...cells.map(({ before }) => before)),
		});
		const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
		const before = mean(await readMetric(measure, { interventions: base, donors }));
		expect(Math.abs(found.before - before)).toBeLessThanOrEqual(2e-5);
		expect(told).toEqual(found.cells.map((cell) => cell.before));
		for (const { head, after } of found.cells) {
			const interventions = [...base, { kind: "mean", heads: [head], over: "batch-and-pos" }] as const;
			expect(Math.abs(after - mean(await readMetric(measure, { interventions, donors })))).toBeLessThan(2e-5);
		}
		// a head that is gone already takes nothing more away
		const gone = await ablateHeads(measure, { base, donors, heads: ["0.1"] });
		expect(gone.cells[0]?.change).toBe(0);
		await expect(ablateHeads(measure, { kind: "frozen-patterns", base, donors })).rejects.toThrow(
			'base: "frozen-patterns" keeps the patterns of the unchanged run',
		);
		await expect(ablateHeads(measure, { base: [{ kind: "zero", heads: ["9.9"] }] })).rejects.toThrow(
			'base[0].heads[0]: no head "9.9"',
		);
	});

	test("pairs hold single heads on the diagonal; greedy sets grow by the largest change", async () => {
		const heads = ["0.0", "0.1", "1.1"];
		const single = await ablateHeads(measure, { heads });
		const pairs = await ablatePairs(measure, { heads });
		for (const [i, { change }] of single.cells.entries())
			expect(pairs.change.at(i, i)).toBeCloseTo(change, 5);
		expect(pairs.cells.map((cell) => cell.heads)).toEqual([
			["0.0", "0.1"],
			["0.0", "1.1"],
			["0.1", "1.1"],
		]);
		const done: number[] = [];
		const { steps } = await ablateGreedily(measure, { heads, count: 2, onProgress: (n) => done.push(n) });
		expect(steps[0]?.added).toBe(single.ranking[0]?.head);
		const first = steps[0]?.added as string;
		const second = pairs.cells
			.filter((cell) => cell.heads.includes(first))
			.sort((a, b) => Math.abs(b.change) - Math.abs(a.change))[0];
		expect([...(steps[1]?.heads ?? [])].sort()).toEqual(second?.heads);
		expect(done.at(-1)).toBe(5);
	});
});

test("a donor's direction that has as many numbers as there are rows is not cut into rows", async () => {
	const model = await load("rand-gpt2");
	const count = model.config.dHead;
	const ids = Array.from({ length: count }, (_, r) =>
		Array.from({ length: 8 }, (__, p) => (7 * r + 3 * p) % 60),
	);
	const direction = { direction: Tensor.from(Array.from({ length: count }, (_, i) => i / count - 0.4)) };
	const asked = {
		ids,
		heads: ["0.1"],
		kind: { kind: "add", at: "z", from: "given", name: "direction" },
		donors: { given: direction },
	} as const;
	const whole = await ablateHeads(model, asked);
	const parts = await ablateHeads(model, { ...asked, memory: 400_000 });
	expect(parts.cells[0]?.change).toBeCloseTo(whole.cells[0]?.change as number, 5);
	expect(whole.cells[0]?.change).not.toBe(0);
});

test("features of autoencoders belong to no head", async () => {
	const model = await load("rand-gpt2");
	const kind = { kind: "sae", dictionary: "mine", features: [1] } as unknown as "zero";
	await expect(ablateHeads(model, { ids: [[1, 2, 3]], kind })).rejects.toThrow(
		"kind: features of an autoencoder belong to no head; runCells sweeps them",
	);
});
