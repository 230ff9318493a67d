import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { type Graph, graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import type { Value } from "../../src/graph/value.js";
import { compile } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, Random, Tensor } from "../../src/tensor/index.js";
import { builtRuntime } from "./built.js";

const built = await builtRuntime("wasm");

/** A block of the demo model's size: d_model 96, 4 heads, 32 positions. */
function block(): Graph {
	const x = ops.input("x", "float32", ["batch", "pos", 96]);
	const heads = (name: string): Value =>
		ops.transpose(
			ops.reshape(ops.matmul(ops.layerNormalize(x, 1e-5).normalized, ops.weight(name, [96, 96])), [
				"batch",
				"pos",
				4,
				24,
			]),
			[0, 2, 1, 3],
		);
	const pattern = ops.softmax(ops.matmul(heads("q"), heads("k"), { transposeB: true, alpha: 24 ** -0.5 }));
	const z = ops.reshape(ops.transpose(ops.matmul(pattern, heads("v")), [0, 2, 1, 3]), ["batch", "pos", 96]);
	return graphOf({ pattern, out: ops.add(x, ops.geluTanh(z)) });
}

const random = new Random(4);
const normal = (...shape: number[]): Tensor<"float32"> => {
	const size = shape.reduce((a, b) => a * b, 1);
	return new Tensor(
		"float32",
		shape,
		Float32Array.from({ length: size }, () => 0.2 * random.normal()),
	);
};
const weights = new Map(["q", "k", "v"].map((name) => [name, normal(96, 96)]));
const x = normal(2, 32, 96);

describe.each([1, 2])("the WASM runtime in Node, %d threads", (threads) => {
	test.each([
		["in this thread", LocalEngine.create],
		["in a thread of its own", built.createEngine],
	] as const)("%s computes what the host computes", async (_, create) => {
		await using engine = await create({ provider: "wasm", threads });
		expect(engine.provider).toBe("wasm");
		const graph = block();
		const id = await engine.putWeights(weights);
		const got = await engine.run({ program: compile(graph, "wasm"), weights: id, feeds: { x } });
		for (const [name, expected] of evaluate(graph, { x, ...Object.fromEntries(weights) })) {
			expect(difference(got.get(name) as Tensor, expected).maxAbs).toBeLessThan(1e-5);
		}
	});
});

const script = (entry: string): string => `
	import { createEngine } from ${JSON.stringify(entry)};
	const engine = await createEngine();
	console.log(engine.provider);
	await engine.dispose();
`;
/** A process of its own, since a runtime is loaded once. */
async function provider(options: readonly string[], env: Record<string, string>): Promise<[string, string]> {
	const entry = new URL("../../node_modules/.cache/headscope-wasm/dist/runtime/index.js", import.meta.url);
	const file = fileURLToPath(new URL("provider.mjs", entry));
	await writeFile(file, script(entry.href));
	const { stdout, stderr } = await promisify(execFile)(process.execPath, [...options, file], {
		env: { ...process.env, NODE_OPTIONS: "", ...env },
	});
	return [stdout.trim(), stderr.trim()];
}

test("without onnxruntime-node one line says so, and the WASM runtime is used", async () => {
	const hook = fileURLToPath(new URL("without-native.mjs", import.meta.url));
	const [name, notice] = await provider(["--import", hook], {});
	expect(name).toBe("wasm");
	expect(notice).toMatch(
		/^headscope: onnxruntime-node is not usable here \(.*not installed.*\); using the slower WASM runtime\. To get it: .*npm install onnxruntime-node$/,
	);
});

test("HEADSCOPE_RUNTIME chooses, without a notice", async () => {
	expect(await provider([], { HEADSCOPE_RUNTIME: "wasm" })).toEqual(["wasm", ""]);
	expect(await provider([], { HEADSCOPE_RUNTIME: "native" })).toEqual(["cpu", ""]);
	await expect(provider([], { HEADSCOPE_RUNTIME: "gpu" })).rejects.toThrow(
		'HEADSCOPE_RUNTIME is "gpu", allowed: native, wasm',
	);
});

test("code given on the command line can start the engine's thread", async () => {
	const entry = new URL("../../node_modules/.cache/headscope-wasm/dist/runtime/index.js", import.meta.url);
	const options = ["--input-type=module", "--eval", script(entry.href)];
	const { stdout } = await promisify(execFile)(process.execPath, options);
	expect(stdout.trim()).toBe("cpu");
});

test("a graphics card that is not there is told by the error alone: the runtime's own log is quiet", async () => {
	const entry = new URL("../../node_modules/.cache/headscope-wasm/dist/runtime/index.js", import.meta.url);
	const options = [
		"--input-type=module",
		"--eval",
		`
		import { createEngine } from ${JSON.stringify(entry.href)};
		const engine = await createEngine({ provider: "cuda" }).catch((error) => console.log(error.message));
		await engine?.dispose();
	`,
	];
	const { stdout, stderr } = await promisify(execFile)(process.execPath, options);
	expect(stderr).toBe("");
	// on a machine with one the engine starts
	if (stdout !== "") expect(stdout).toMatch(/^provider "cuda" [^\n]+; available: cpu, [^\n]*wasm\n$/);
});

test("a run that is larger than WASM's memory says its size and what would fit, and the next one runs", async () => {
	await using engine = await LocalEngine.create({ provider: "wasm", threads: 1 });
	const x = ops.input("x", "float32", ["pos", 1]);
	const program = compile(graphOf({ y: ops.matmul(x, x, { transposeB: true }) }), "wasm");
	const run = (pos: number) => engine.run({ program, feeds: { x: Tensor.full([pos, 1], 2) } });
	// one that there is no room for beside the runtime, and one whose bytes 32 bits do not count
	for (const [pos, size] of [
		[32_760, "4.3"],
		[40_000, "6.4"],
	] as const)
		await expect(run(pos)).rejects.toThrow(
			new RegExp(
				`^out of memory: the results of this run alone take ${size} GB \\(pos ${pos}\\), and WASM has 4.3 GB for everything; about 1\\d{4} positions would fit$`,
			),
		);
	expect((await run(2)).get("y")?.toNested()).toEqual([
		[4, 4],
		[4, 4],
	]);
});
