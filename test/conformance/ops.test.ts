import { describe, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { graphOf } from "../../src/graph/graph.js";
import { OPS, input } from "../../src/graph/ops/index.js";
import { apply, type Value } from "../../src/graph/value.js";
import { compile } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, Random, Tensor } from "../../src/tensor/index.js";

const engine = await LocalEngine.create({ threads: 1 });

for (const op of OPS) {
	describe(op.name, () => {
		for (const [i, example] of op.examples.entries()) {
			test(`example ${i}: the compiled result is the host's`, async () => {
				const random = new Random(i);
				const [low, high] = example.range ?? [-2, 2];
				const feeds: Record<string, Tensor> = {};
				const inputs: Value[] = example.inputs.map((x, k) => {
					const tensor = x instanceof Tensor ? x : Tensor.from(0).dtype && new Tensor("float32", x, Float32Array.from({ length: x.reduce((a, b) => a * b, 1) }, () => low + (high - low) * random.uniform()));
					feeds[`x${k}`] = tensor as Tensor;
					return input(`x${k}`, (tensor as Tensor).dtype, (tensor as Tensor).shape);
				});
				const outputs = apply(op, inputs, example.attributes);
				const graph = graphOf(Object.fromEntries(outputs.map((v, k) => [`y${k}`, v])));
				const host = evaluate(graph, feeds);
				const got = await engine.run({ program: compile(graph), feeds });
				for (const [name, expected] of host) {
					const d = difference(got.get(name) as Tensor, expected);
					expect(d.maxAbs).toBeLessThanOrEqual(1e-5 * Math.max(1, d.scale));
				}
			});
		}
	});
}
