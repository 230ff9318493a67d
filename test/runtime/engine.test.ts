import type { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import { compile } from "../../src/onnx/compile.js";
import { type Engine, EngineError, type EngineOptions } from "../../src/runtime/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { collectGarbage } from "../collect-garbage.js";
import { builtRuntime } from "./built.js";

const built = await builtRuntime("engine");

/** x w + x, with symbolic rows. */
const affine = compile(
	graphOf({
		y: ops.add(
			ops.matmul(ops.input("x", "float32", ["pos", 2]), ops.weight("w", [2, 2])),
			ops.input("z", "float32", ["pos", 2]),
		),
	}),
);
const weights = new Map([
	[
		"w",
		Tensor.from([
			[2, 0],
			[0, 3],
		]),
	],
]);
const x = Tensor.from([
	[1, 1],
	[1, 2],
]);
const z = Tensor.from([
	[0, 0],
	[5, 5],
]);
const result = [
	[2, 3],
	[7, 11],
];

/** Some seconds of work on one thread, without weights. */
const slow = compile(
	graphOf({
		y: Array.from({ length: 60 }).reduce<ReturnType<typeof ops.input>>(
			(v) => ops.tanh(ops.matmul(v, v)),
			ops.input("x", "float32", [1024, 1024]),
		),
	}),
);
const big = Tensor.full([1024, 1024], 1e-3);
const quick = compile(graphOf({ y: ops.add(ops.input("x", "float32", [2]), 1) }));
const two = Tensor.from([1, 2]);

const ENGINES: readonly (readonly [string, (options?: EngineOptions) => Promise<Engine>])[] = [
	["in this thread", (options) => LocalEngine.create(options)],
	["in a thread of its own", (options) => built.createEngine(options)],
];

describe.each(ENGINES)("an engine %s", (where, create) => {
	test("outputs that update weights stay in the engine, also where runs are waiting", async () => {
		await using engine = await create({ threads: 1 });
		const w = ops.weight("w", [2, 2]);
		const next = ops.add(w, ops.input("d", "float32", []));
		const program = compile(graphOf({ next, total: ops.sum(w, [0, 1], { keepDims: false }) }));
		const id = await engine.putWeights(weights);
		const run = (d: number) =>
			engine.run({ program, weights: id, feeds: { d: Tensor.scalar(d) }, update: { next: "w" } });
		const totals = await Promise.all([run(1), run(10), run(0)]);
		expect(totals.map((t) => [...t.keys()])).toEqual([["total"], ["total"], ["total"]]);
		expect(totals.map((t) => t.get("total")?.item())).toEqual([5, 9, 49]);
		expect((await engine.readWeight(id, "w")).toNested()).toEqual([
			[13, 11],
			[11, 14],
		]);
		await expect(
			engine.run({ program, weights: id, feeds: { d: Tensor.scalar(0) }, update: { total: "w" } }),
		).rejects.toThrow(/weight "w": expected \[2, 2\], got \[\]/);
	});

	test("runs a program again and again, with the weights it holds", async () => {
		await using engine = await create({ threads: 1 });
		const id = await engine.putWeights(weights);
		for (let i = 0; i < 3; i++) {
			const got = await engine.run({ program: affine, weights: id, feeds: { x, z } });
			expect(got.get("y")?.toNested()).toEqual(result);
		}
		// what the caller gave is still the caller's
		expect(x.toNested()).toEqual([
			[1, 1],
			[1, 2],
		]);
		expect((await engine.readWeight(id, "w")).toNested()).toEqual([
			[2, 0],
			[0, 3],
		]);
		expect((await engine.readWeight(id, "w")).toNested()).toEqual([
			[2, 0],
			[0, 3],
		]);
	});

	test("programs that differ in their weights' names are one program, bound to its own weights", async () => {
		const plus = (name: string) =>
			compile(graphOf({ y: ops.add(ops.input("x", "float32", [2]), ops.weight(name, [2])) }));
		const [a, b] = [plus("layers.0.bias"), plus("layers.1.bias")];
		expect(b.key).toBe(a.key);
		await using engine = await create();
		const held = await engine.putWeights(
			new Map([
				["layers.0.bias", Tensor.from([10, 20])],
				["layers.1.bias", Tensor.from([100, 200])],
			]),
		);
		for (const [program, y] of [
			[a, [11, 22]],
			[b, [101, 202]],
			[a, [11, 22]],
		] as const) {
			const found = await engine.run({ program, weights: held, feeds: { x: two } });
			expect(found.get("y")?.toNested()).toEqual(y);
		}
	});

	test("refuses feeds that are missing, of another type, or that disagree", async () => {
		await using engine = await create({ threads: 1 });
		const id = await engine.putWeights(weights);
		const run = (feeds: Record<string, Tensor>): Promise<unknown> =>
			engine.run({ program: affine, weights: id, feeds });
		await expect(run({ x })).rejects.toThrow('input "z" float32[pos, 2] is missing; given: x');
		await expect(run({ x, z: z.to("int32") })).rejects.toThrow(
			'input "z": expected float32[pos, 2], got int32[2, 2]',
		);
		await expect(run({ x, z: z.slice(1, 0, 1) })).rejects.toThrow(
			"expected float32[pos, 2], got float32[2, 1]",
		);
		await expect(run({ x, z: z.slice(0, 0, 1) })).rejects.toThrow(
			'"z": axis 0 (pos) is 1, but other inputs make it 2',
		);
		expect(await run({ x, z })).toBeInstanceOf(Map);
	});

	test("refuses weights that are freed, missing or of another shape", async () => {
		await using engine = await create({ threads: 1 });
		const [id, wrong, empty] = [
			await engine.putWeights(weights),
			await engine.putWeights(new Map([["w", Tensor.zeros([3, 2])]])),
			await engine.putWeights(new Map()),
		];
		const run = (weights?: string): Promise<unknown> =>
			engine.run({ program: affine, weights, feeds: { x, z } });
		await expect(run(wrong)).rejects.toThrow('weight "w": expected [2, 2], got [3, 2]');
		await expect(run(empty)).rejects.toThrow('weight "w": expected [2, 2], got none');
		await expect(run()).rejects.toThrow("no weights");
		await expect(engine.readWeight(id, "v")).rejects.toThrow('no weight "v"');
		await engine.freeWeights(id);
		await expect(run(id)).rejects.toThrow(`no weights "${id}": they were freed, or belong to another engine`);
		await expect(engine.readWeight(id, "w")).rejects.toThrow("they were freed");
	});

	test("a run that throws poisons nothing", async () => {
		await using engine = await create({ threads: 1 });
		const rows = compile(
			graphOf({ y: ops.gather(ops.input("t", "float32", [2, 1]), ops.input("i", "int32", ["pos"])) }),
		);
		const t = Tensor.from([[1], [2]]);
		const run = (i: number[]): Promise<Map<string, Tensor>> =>
			engine.run({ program: rows, feeds: { t, i: Tensor.from(i, "int32") } });
		await expect(run([7])).rejects.toThrow(/indices|out of/i);
		expect((await run([1])).get("y")?.toNested()).toEqual([[2]]);
		const broken = { ...quick, key: "broken", onnx: quick.onnx.slice(0, 20) };
		await expect(engine.run({ program: broken, feeds: { x: two } })).rejects.toThrow();
		expect((await engine.run({ program: quick, feeds: { x: two } })).get("y")?.toNested()).toEqual([2, 3]);
	});

	test("an abort rejects at once with its reason, and the engine goes on", async () => {
		await using engine = await create({ threads: 1 });
		const reason = new Error("changed my mind");
		const before = AbortSignal.abort(reason);
		await expect(engine.run({ program: quick, feeds: { x: two } }, { signal: before })).rejects.toBe(reason);
		const controller = new AbortController();
		const runs = [slow, slow, slow].map((program) =>
			engine.run({ program, feeds: { x: big } }, { signal: controller.signal }),
		);
		const settled = Promise.allSettled(runs);
		if (where !== "in this thread") await new Promise((resolve) => setTimeout(resolve, 100));
		controller.abort(reason);
		// behind the run that is under way, which takes seconds
		const next = engine.run({ program: quick, feeds: { x: two } });
		const first = Promise.race([settled.then(() => "the aborted"), next.then(() => "the next")]);
		expect(await first).toBe("the aborted");
		for (const run of await settled) expect(run).toEqual({ status: "rejected", reason });
		expect((await next).get("y")?.toNested()).toEqual([2, 3]);
	});

	test("disposing rejects what is pending and what comes later", async () => {
		const engine = await create({ threads: 1 });
		const pending = [0, 1].map(() => engine.run({ program: slow, feeds: { x: big } }));
		const settled = Promise.allSettled(pending);
		await engine.dispose();
		for (const run of await settled) {
			expect(run.status === "rejected" && String(run.reason)).toBe("EngineError: the engine was disposed of");
		}
		await expect(engine.run({ program: quick, feeds: { x: two } })).rejects.toThrow("disposed of");
		await expect(engine.putWeights(weights)).rejects.toThrow("disposed of");
		await engine.dispose();
	});

	test("keeps sessions within its bound and goes on", async () => {
		await using engine = await create({ threads: 1, sessionBytes: 0 });
		for (let i = 0; i < 5; i++) {
			const program = compile(graphOf({ y: ops.add(ops.input("x", "float32", [2]), i) }));
			expect((await engine.run({ program, feeds: { x: two } })).get("y")?.at(0)).toBe(1 + i);
		}
	});

	test("a provider that is not there is named, with those that are", async () => {
		await expect(create({ provider: "tpu" as "cpu" })).rejects.toThrow(
			/^provider "tpu" is not available here; available: cpu, .*wasm$/,
		);
	});
});

test("a result of the thread is moved, not copied, and the caller's feeds are not", async () => {
	await using engine = await built.createEngine({ threads: 1 });
	const program = compile(
		graphOf({ x: ops.input("x", "float32", [2]), again: ops.input("x", "float32", [2]) }),
	);
	const got = await engine.run({ program, feeds: { x: two } });
	expect([...got.values()].map((t) => t.toNested())).toEqual([
		[1, 2],
		[1, 2],
	]);
	expect(two.toNested()).toEqual([1, 2]);
});

test("an urgent run that is given up by an event which waits already never begins", async () => {
	await using engine = await LocalEngine.create({ threads: 1 });
	const program = compile(graphOf({ next: ops.add(ops.weight("w", [2, 2]), 1) }));
	const id = await engine.putWeights(weights);
	const grow = (signal?: AbortSignal) =>
		engine.run({ program, weights: id, feeds: {}, update: { next: "w" } }, { signal, urgent: true });
	await grow();
	const controller = new AbortController();
	setImmediate(() => controller.abort(new Error("typed on")));
	await expect(grow(controller.signal)).rejects.toThrow("typed on");
	await grow();
	expect((await engine.readWeight(id, "w")).toNested()).toEqual([
		[4, 2],
		[2, 5],
	]);
});

test("a forgotten program is sent again", async () => {
	await using engine = await built.createEngine({ threads: 1, programBytes: 1 });
	for (const program of [quick, affine, quick, quick]) {
		if (program === affine)
			await engine.run({ program: compile(graphOf({ y: ops.constant(1) })), feeds: {} });
		else expect((await engine.run({ program, feeds: { x: two } })).get("y")?.toNested()).toEqual([2, 3]);
	}
});

test("a GPU that is not there is an error that says why and lists what is", async () => {
	const outcome = await LocalEngine.create({ provider: "webgpu" }).then(
		(engine) => engine.dispose(),
		(error: Error) => error,
	);
	// on a machine with a GPU the engine starts
	if (outcome === undefined) return;
	expect(outcome).toBeInstanceOf(EngineError);
	expect(outcome.message).toMatch(/^provider "webgpu" does not start here \(.+\); available: cpu, wasm$/);
	expect(outcome.message).not.toContain("\n");
});

test("a forgotten engine ends by itself, and only behind the run that is under way", async () => {
	const running = new Set<Worker>();
	const note = (worker: Worker): void => {
		running.add(worker);
		worker.once("exit", () => running.delete(worker));
	};
	process.on("worker", note);
	try {
		await forgetOne(async (engine) => void (await engine.run({ program: quick, feeds: { x: two } })));
		await forgetOne(async (engine) => {
			const controller = new AbortController();
			const run = engine.run({ program: slow, feeds: { x: big } }, { signal: controller.signal });
			const refused = expect(run).rejects.toThrow("enough");
			// native code is in the middle of it, which a thread must not be ended in
			await new Promise((resolve) => setTimeout(resolve, 200));
			controller.abort(new Error("enough"));
			await refused;
		});
	} finally {
		process.off("worker", note);
	}
	expect(running.size).toBeGreaterThan(0);
	await vi.waitFor(
		() => {
			collectGarbage();
			expect(running.size).toBe(0);
		},
		{ timeout: 40_000, interval: 50 },
	);
});

/** Starts an engine, uses it, and leaves it. */
async function forgetOne(use: (engine: Engine) => Promise<void>): Promise<void> {
	await use(await built.createEngine({ threads: 1 }));
}
