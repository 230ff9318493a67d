/** Path patching against its definition, run by run: everything but the path is held fast by host hooks. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
	isPath,
	type Receiver,
	receiversOf,
	type Sender,
	sendersOf,
	sizesOf,
} from "../../src/causal/path-nodes.js";
import { pathPatching } from "../../src/causal/path-patching.js";
import { actName } from "../../src/hooks/points.js";
import { type Measure, measuring, readMetric } from "../../src/metrics/index.js";
import { loadCheckpoint, loadModel } from "../../src/models/load-model.js";
import type { Model } from "../../src/models/model.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import type { HostHookFn, RunOptions } from "../../src/models/run-options.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { referencePath } from "../reference-data.js";
import { differenceOf, lastPrediction, noise } from "./pairs.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const load = async (name: string): Promise<Model> =>
	loadCheckpoint(await openCheckpoint(referencePath("lm", "models", name)), { engine });

type Caches = Record<"clean" | "corrupt", ReadonlyMap<string, Tensor>>;

/** The heads of one tensor in another's place: axis 2 of [batch, pos, head, d_head]. */
function withHeads(base: Tensor, from: Tensor, heads: readonly number[]): Tensor {
	const [batch = 0, pos = 0, nHeads = 0, dHead = 0] = base.shape;
	const data = Float32Array.from(base.data as Float32Array, (value, i) =>
		heads.includes(Math.floor(i / dHead) % nHeads) ? Number(from.data[i]) : value,
	);
	return new Tensor("float32", [batch, pos, nHeads, dHead], data);
}

/** One path by its definition: a run whose only change is the sender, and one whose only change is the receiver. */
async function onePath(
	measure: Measure,
	caches: Caches,
	from: Sender,
	to: Receiver,
	norms: "frozen" | "recomputed",
	mlps: "frozen" | "recomputed" = "frozen",
): Promise<number> {
	const { model } = measure;
	const { nLayers } = model.config;
	const layers = [...Array(nLayers).keys()];
	const kept =
		(name: string): HostHookFn =>
		() =>
			caches.corrupt.get(name) as Tensor;
	const clean = (name: string): Tensor => caches.clean.get(name) as Tensor;
	const hooks = new Map<string, HostHookFn>();
	for (const layer of layers) {
		hooks.set(actName("z", layer), kept(actName("z", layer)));
		if (mlps === "frozen" && (to.kind !== "mlp" || to.layer !== layer))
			hooks.set(actName("mlp_out", layer), kept(actName("mlp_out", layer)));
	}
	if (from.kind === "embed" || from.kind === "resid") {
		hooks.set(actName("resid_pre", from.layer), () => clean(actName("resid_pre", from.layer)));
	} else if (from.kind === "head") {
		const name = actName("z", from.layer);
		hooks.set(name, () => withHeads(caches.corrupt.get(name) as Tensor, clean(name), [from.head]));
	} else {
		const name = actName(from.kind === "attn" ? "attn_out" : "mlp_out", from.layer);
		hooks.set(name, () => clean(name));
	}
	const own = caches.corrupt.has(`blocks.${to.layer}.ln2.hook_scale`) ? "ln2" : "ln1";
	const norm = { q: "ln1", k: "ln1", v: "ln1", mlp: own, logits: "" }[to.kind];
	const scale = to.kind === "logits" ? "ln_final.hook_scale" : `blocks.${to.layer}.${norm}.hook_scale`;
	if (norms === "frozen" && caches.corrupt.has(scale)) hooks.set(scale, kept(scale));
	const changed: RunOptions = { hostHooks: [...hooks] };
	if (to.kind === "logits") return mean(await readMetric(measure, changed));
	const point = actName(to.kind === "mlp" ? "mlp_out" : to.kind, to.layer);
	const { cache } = await model.runWithCache(measure.input, { ...changed, names: point, logits: false });
	const value = cache.get(point);
	const patched =
		to.kind === "mlp" ? value : withHeads(caches.corrupt.get(point) as Tensor, value, [to.head]);
	return mean(await readMetric(measure, { hostHooks: [[point, () => patched]] }));
}

async function cachesOf({ model, input }: Measure, clean: Tensor): Promise<Caches> {
	const cached = async (rows: Tensor): Promise<ReadonlyMap<string, Tensor>> =>
		(await model.runWithCache(rows as Tensor<"int32">, { logits: false })).cache.toMap();
	return { clean: await cached(clean), corrupt: await cached(input) };
}

const ids = (...rows: readonly number[][]): Tensor<"int32"> => Tensor.from(rows, "int32");

describe("path patching", { timeout: 60_000 }, () => {
	const cases: {
		name: string;
		measure: Measure;
		clean: Measure["input"];
		senders: readonly string[];
		receivers: readonly string[];
	}[] = [];
	const models: AsyncDisposable[] = [];

	beforeAll(async () => {
		for (const [name, receivers] of [
			["rand-gpt2", ["1.0.q", "1.2.k", "1.0.v", "mlp.0", "logits"]],
			["rand-llama-tied-gqa-theta5e5", ["1.1.k", "1.0.v", "mlp.1"]],
			["rand-gptneox", ["1.0.q", "mlp.1", "logits"]],
			["rand-phi", ["1.2.v", "mlp.1", "logits"]],
		] as const) {
			const model = await load(name);
			models.push(model);
			const input = ids([3, 8, 4, 1, 5], [9, 2, 7, 9, 3]);
			const clean = ids([3, 1, 4, 1, 5], [9, 2, 6, 5, 3]);
			cases.push({
				name,
				measure: await differenceOf(model, input, 5, 7),
				clean,
				senders: ["embed", "resid.1", "0.1", "attn.0", "mlp.0", "1.0"],
				receivers,
			});
		}
		for (const [layer_norm, include_output] of [
			[true, true],
			[false, false],
		] as const) {
			const sizes = {
				task_size: 3,
				max_examples: 3,
				embed_size: 12,
				mlp_size: 10,
				num_heads: 2,
				num_layers: 3,
			};
			const config = regressionConfig({ ...sizes, layer_norm, include_output });
			const regression = await RegressionModel.fresh(config, 1, { engine });
			models.push(regression);
			const { model } = regression;
			const [input, clean] = [noise(1, [2, 6, 4]), noise(2, [2, 6, 4])];
			cases.push({
				name: `regression, norms ${layer_norm}`,
				measure: { model, input, metric: lastPrediction(input) },
				clean,
				senders: ["embed", "0.1"],
				receivers: ["2.1.q", "mlp.2", "logits"],
			});
		}
	});
	afterAll(async () => {
		for (const model of models) await model[Symbol.asyncDispose]();
	});

	/** Every path of a case, with what `pathPatching` and its definition, run by run, say of it. */
	async function compared(
		{ measure, clean, senders, receivers }: (typeof cases)[number],
		norms: "frozen" | "recomputed",
		mlps: "frozen" | "recomputed",
	): Promise<{ path: string; isPath: boolean; got: number; expected: number }[]> {
		const sizes = sizesOf({ config: measure.model.config, hookPoints: measure.model.hookPoints() });
		const caches = await cachesOf(measure, clean);
		const before = mean(await readMetric(measure));
		const found = await pathPatching(measure, { clean, senders, receivers, norms, mlps });
		expect(found).toMatchObject({ norms, mlps });
		expect(found.values.axes).toEqual(["sender", "receiver"]);
		expect(found.corrupt).toBeCloseTo(before, 4);
		const paths = [];
		for (const [s, from] of sendersOf(found.senders, sizes).entries()) {
			for (const [r, to] of receiversOf(found.receivers, sizes).entries()) {
				const path = `${from.name} -> ${to.name}`;
				const got = found.values.at(s, r);
				const there = isPath(from, to);
				const after = there ? await onePath(measure, caches, from, to, norms, mlps) : Number.NaN;
				paths.push({ path, isPath: there, got, expected: after - before });
			}
		}
		return paths;
	}

	test.each(["frozen", "recomputed"] as const)(
		"with MLPs %s is its definition, run by run, for every kind of path",
		async (mlps) => {
			for (const [i, one] of cases.entries()) {
				const norms = (i % 2 === 0) === (mlps === "frozen") ? "frozen" : "recomputed";
				const paths = await compared(one, norms, mlps);
				const size = Math.max(1, Math.abs(mean(await readMetric(one.measure))));
				for (const { path, isPath, got, expected } of paths) {
					const title = `${one.name} ${norms} ${path}`;
					if (isPath) expect(Math.abs(got - expected), title).toBeLessThanOrEqual(2e-5 * size);
					else expect(got, title).toBeNaN();
				}
				const largest = Math.max(...paths.map(({ expected }) => Math.abs(expected) || 0));
				expect(largest, one.name).toBeGreaterThan(0.01);
			}
		},
	);

	test("on the demo model MLPs that follow are those of plain runs with hooks, and change what is found", async () => {
		await using model = await loadModel("demo", { engine });
		const input = ids([10, 20, 30, 40, 50, 10, 21]);
		const one = {
			name: "demo",
			measure: await differenceOf(model, input, 30, 40),
			clean: ids([10, 20, 30, 40, 50, 10, 20]),
			senders: ["embed", "0.1", "attn.0", "mlp.0", "1.3"],
			receivers: ["0.2.k", "mlp.0", "1.3.q", "1.0.k", "1.3.v", "mlp.1", "logits"],
		};
		for (const norms of ["frozen", "recomputed"] as const) {
			const paths = (await compared(one, norms, "recomputed")).filter(({ isPath }) => isPath);
			for (const { path, got, expected } of paths)
				expect(Math.abs(got - expected), `${norms} ${path}`).toBeLessThanOrEqual(1e-5);
			const { values } = await pathPatching(one.measure, { ...one, norms });
			const frozen = [...values.data].filter((value) => !Number.isNaN(value));
			expect(Math.max(...paths.map(({ got }, i) => Math.abs(got - (frozen[i] as number))))).toBeGreaterThan(
				0.01,
			);
		}
	});

	test("with frozen norms all paths to the logits add up to replacing the whole stream", async () => {
		for (const { name, measure, clean } of cases) {
			const { model, input } = measure;
			const found = await pathPatching(measure, { clean });
			const last = actName("resid_post", model.config.nLayers - 1);
			const { cache } = await model.runWithCache(clean, { names: last, logits: false });
			const { corrupt } = await cachesOf(measure, clean);
			const scale = corrupt.get("ln_final.hook_scale");
			const whole = await readMetric(measure, {
				hostHooks: [
					[last, () => cache.get(last)],
					...(scale ? ([["ln_final.hook_scale", () => scale]] as const) : []),
				],
			});
			const change = mean(whole) - mean(await readMetric(measure));
			const sum = found.values.data.reduce((a, b) => a + b, 0);
			expect(input.shape[0]).toBe(2);
			expect(Math.abs(sum - change), name).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(change)));
		}
	});

	test("where nothing lies between, a path is the whole effect of patching its sender", async () => {
		for (const { name, measure, clean } of cases) {
			const { model } = measure;
			const last = model.config.nLayers - 1;
			const found = await pathPatching(measure, {
				clean,
				senders: ["embed", `mlp.${last}`],
				receivers: ["0.1.q", "logits"],
				norms: "recomputed",
			});
			const before = mean(await readMetric(measure));
			const patched = async (point: string, head?: number): Promise<number> => {
				const { cache } = await model.runWithCache(clean, { names: point, logits: false });
				const hook: HostHookFn = (value) =>
					head === undefined ? cache.get(point) : withHeads(value, cache.get(point), [head]);
				return mean(await readMetric(measure, { hostHooks: [[point, hook]] })) - before;
			};
			expect(Math.abs(found.values.at(0, 0) - (await patched(actName("q", 0), 1))), name).toBeLessThanOrEqual(
				2e-5,
			);
			const whole = await patched(actName("mlp_out", last));
			expect(Math.abs(found.values.at(1, 1) - whole), name).toBeLessThanOrEqual(2e-5);
		}
	});

	test("cells one at a time, rows one at a time and all at once are the same", async () => {
		for (const { name, measure, clean } of cases) {
			const receivers = ["0.1.q", "1.0.v", "mlp.1", "logits"];
			for (const mlps of ["frozen", "recomputed"] as const) {
				const together = await pathPatching(measure, { clean, receivers, mlps });
				const apart = await pathPatching(measure, { clean, receivers, mlps, memory: 1 });
				expect(apart.clean).toBeCloseTo(together.clean, 4);
				for (const [i, value] of together.values.data.entries()) {
					const other = apart.values.data[i] as number;
					if (Number.isNaN(value)) expect(other, name).toBeNaN();
					else expect(Math.abs(other - value), `${name} ${mlps}`).toBeLessThanOrEqual(2e-5);
				}
			}
		}
	});

	test("a sender's positions add up where norms are frozen, and a run patched with itself changes nothing", async () => {
		const { measure, clean } = cases[0] as (typeof cases)[number];
		const options = { senders: ["heads"], receivers: ["logits"] };
		const whole = await pathPatching(measure, { clean, ...options });
		const parts = await Promise.all(
			[[0, 1], [2], [-2, -1]].map((positions) => pathPatching(measure, { clean, ...options, positions })),
		);
		for (const [i, value] of whole.values.data.entries()) {
			const sum = parts.reduce((a, { values }) => a + (values.data[i] as number), 0);
			expect(sum).toBeCloseTo(value, 4);
		}
		const itself = await pathPatching(measure, { clean: measure.input, receivers: ["1.0.k", "logits"] });
		const changes = [...itself.values.data].filter((change) => !Number.isNaN(change));
		expect(changes.length).toBeGreaterThan(10);
		expect(Math.max(...changes.map(Math.abs))).toBeLessThanOrEqual(2e-5);
	});

	test("rows of different length count as they do alone", async () => {
		const { model } = (cases[1] as (typeof cases)[number]).measure;
		const clean = [
			[3, 1, 4, 1, 5],
			[9, 2, 6],
		];
		const corrupt = [
			[3, 8, 4, 1, 5],
			[9, 7, 6],
		];
		const metric = { kind: "logit-difference", answers: 5, wrong: 7 } as const;
		const options = { metric, senders: ["embed", "0.1"], receivers: ["1.0.q", "1.1.k", "mlp.1", "logits"] };
		const together = await pathPatching(model, { ...options, clean, corrupt });
		const apart = await Promise.all(
			[0, 1].map((r) =>
				pathPatching(model, { ...options, clean: clean[r] as number[], corrupt: corrupt[r] as number[] }),
			),
		);
		for (const [i, value] of together.values.data.entries()) {
			const mean = apart.reduce((sum, { values }) => sum + (values.data[i] as number) / 2, 0);
			expect(Math.abs(value - mean)).toBeLessThanOrEqual(2e-5);
		}
		expect(Math.max(...together.values.data.map(Math.abs))).toBeGreaterThan(0.01);
	});

	test("refuses what it cannot do", async () => {
		const { measure, clean } = cases[1] as (typeof cases)[number];
		const refused = (options: object, message: string): Promise<void> =>
			expect(pathPatching(measure, { clean, ...options })).rejects.toThrow(message);
		await refused({ senders: ["9.9"] }, 'senders[0]: no "9.9" in this model; nearest:');
		await refused({ receivers: ["1.3.k"] }, 'receivers[0]: no "1.3.k" in this model; nearest:');
		await refused({ senders: [] }, "senders: the list is empty");
		await refused({ senders: ["mlp.1"], receivers: ["0.0.q"] }, "every receiver comes before every sender");
		await refused({ norms: "thawed" }, 'norms: got "thawed", allowed "frozen", "recomputed"');
		await refused({ mlps: "thawed" }, 'mlps: got "thawed", allowed "frozen", "recomputed"');
		await refused({ memory: 0 }, "memory: got 0, allowed bytes above 0");
		await expect(pathPatching(measure, { clean, signal: AbortSignal.abort("enough") })).rejects.toBe(
			"enough",
		);
		await refused({ positions: [7] }, "positions: got 7, these rows have -5..4");
		const scores = await measuring(measure.model, "head-score:previous-token@1.0", {
			ids: measure.input.toNested() as number[][],
		});
		await expect(pathPatching(scores, { clean })).rejects.toThrow("allowed are metrics of the logits");
	});
});

function mean(values: Float64Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
