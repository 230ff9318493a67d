import { afterAll, describe, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { grad } from "../../src/graph/grad.js";
import { type Graph, graphOf } from "../../src/graph/graph.js";
import type { Example, Op } from "../../src/graph/op.js";
import * as ops from "../../src/graph/ops/index.js";
import { OPS } from "../../src/graph/ops/index.js";
import { printGraph } from "../../src/graph/print.js";
import { apply, type Value } from "../../src/graph/value.js";
import { compile } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, Random, Tensor } from "../../src/tensor/index.js";
import {
	EMPTY,
	feedsOf,
	isSymbolic,
	OTHER_SIZES,
	SIZES,
	type Sizes,
	titleOf,
	traceExample,
} from "./ops-cases.js";
import { centralDifferences } from "./ops-finite-differences.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

async function expectCompiledIsHost(graph: Graph, feeds: Record<string, Tensor>): Promise<void> {
	const host = evaluate(graph, feeds);
	const got = await engine.run({ program: compile(graph), feeds });
	expect([...got.keys()]).toEqual([...host.keys()]);
	for (const [name, expected] of host) {
		const tensor = got.get(name) as Tensor;
		expect(String(tensor)).toBe(String(expected));
		const { maxAbs, scale } = difference(tensor, expected);
		expect(maxAbs).toBeLessThanOrEqual(1e-5 * Math.max(1, scale));
	}
}

/** Inputs that are differentiated: floats, where the example does not say otherwise. */
function differentiable(example: Example, inputs: readonly Value[]): readonly number[] {
	return example.wrt ?? [...inputs.keys()].filter((i) => inputs[i]?.dtype === "float32");
}

/** A scalar that weighs every float output's elements with seeded random numbers; its gradients. */
function gradientGraphs(
	op: Op,
	example: Example,
	sizes: Sizes,
): { loss: Graph; gradient: Graph } | undefined {
	const { graph, inputs } = traceExample(op, example, sizes);
	const outputs = [...graph.outputs.values()].filter((v) => v.dtype === "float32");
	const wrt = differentiable(example, inputs);
	if (outputs.length === 0 || wrt.length === 0) return undefined;
	const random = new Random(99);
	const terms = outputs.map((v) => {
		const weights = Tensor.zeros(v.shape as number[], "float64");
		for (let i = 0; i < weights.size; i++) weights.data[i] = Math.fround(random.normal());
		return ops.sum(ops.mul(v, ops.constant(weights)), [...v.shape.keys()], { keepDims: false });
	});
	const loss = terms.reduce((a, b) => ops.add(a, b));
	const gradients = grad(
		loss,
		wrt.map((i) => inputs[i] as Value),
	);
	return {
		loss: graphOf({ loss }),
		gradient: graphOf(Object.fromEntries(wrt.map((i, k) => [`x${i}`, gradients[k] as Value]))),
	};
}

describe.each(OPS.map((op) => [op.name, op] as const))("%s", (_, op) => {
	test("has examples and refusals", () => {
		if (op.name !== "input") expect(op.examples.length).toBeGreaterThan(0);
		expect(op.refuses.length).toBeGreaterThan(0);
	});

	test.each(
		op.refuses.map((r) => [r.inputs.map((t) => `${t.dtype}[${t.shape.join(", ")}]`).join(", "), r] as const),
	)("refuses %s and names the operands", (operands, refusal) => {
		const inputs = refusal.inputs.map(({ dtype, shape }, i) => ops.input(`x${i}`, dtype, shape));
		expect(() => apply(op, inputs, refusal.attributes)).toThrow(`${op.name}(${operands}): `);
	});

	describe.each(op.examples.map((example, i) => [titleOf(example, i), example] as const))(
		"%s",
		(_, example) => {
			test("the compiled result is the host's", async () => {
				await expectCompiledIsHost(traceExample(op, example, SIZES).graph, feedsOf(example, SIZES));
			});

			if (isSymbolic(example))
				test("one symbolic program serves every size, none included", async () => {
					const { graph } = traceExample(op, example);
					const program = compile(graph);
					for (const sizes of [SIZES, OTHER_SIZES, ...(example.empty === false ? [] : [EMPTY])]) {
						const feeds = feedsOf(example, sizes);
						await expectCompiledIsHost(graph, feeds);
						const symbolic = await engine.run({ program, feeds });
						const concrete = await engine.run({
							program: compile(traceExample(op, example, sizes).graph),
							feeds,
						});
						for (const [name, tensor] of concrete) expect(symbolic.get(name)).toEqual(tensor);
					}
				});

			const concrete = gradientGraphs(op, example, SIZES);
			if (concrete)
				test("the gradient is what central differences give, in double precision", () => {
					const { loss, gradient } = concrete as { loss: Graph; gradient: Graph };
					const feeds = feedsOf(example, SIZES);
					const exact = evaluate(gradient, feeds, "float64");
					for (const [name, expected] of centralDifferences(loss, feeds, [...exact.keys()])) {
						const { maxAbs, scale } = difference(exact.get(name) as Tensor, expected);
						expect(maxAbs).toBeLessThanOrEqual(1e-6 * Math.max(1, scale));
					}
				});

			if (concrete)
				test("the compiled gradient is the host's", async () => {
					const { gradient } = concrete as { gradient: Graph };
					await expectCompiledIsHost(gradient, feedsOf(example, SIZES));
				});

			if (concrete && isSymbolic(example) && example.empty !== false)
				test("the gradient of nothing is nothing", async () => {
					const empty = gradientGraphs(op, example, EMPTY);
					await expectCompiledIsHost((empty as { gradient: Graph }).gradient, feedsOf(example, EMPTY));
				});
		},
	);
});

test("every op prints as the golden file says, refusals included", async () => {
	const lines = OPS.flatMap((op) => [
		`# ${op.name}: ${op.doc}`,
		...op.examples.map((example) => {
			const { graph } = traceExample(op, example);
			const own = printGraph(graph)
				.split("\n")
				.filter((line) => !/ = input\(| = sizes|^output /.test(line));
			return own.join("\n");
		}),
		...op.refuses.map(({ inputs, attributes }) => {
			const values = inputs.map(({ dtype, shape }, i) => ops.input(`x${i}`, dtype, shape));
			try {
				apply(op, values, attributes);
			} catch (error) {
				return `! ${(error as Error).message}`;
			}
			return "! not refused";
		}),
		"",
	]);
	await expect(lines.join("\n")).toMatchFileSnapshot("./ops.golden.txt");
});
