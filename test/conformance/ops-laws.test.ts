import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { grad } from "../../src/graph/grad.js";
import { graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import { simplify } from "../../src/graph/simplify.js";
import type { Value } from "../../src/graph/value.js";
import { compile } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, type Tensor } from "../../src/tensor/index.js";
import { centralDifferences } from "./ops-finite-differences.js";
import { build, feeds, steps } from "./ops-random-graph.js";

const engine = await LocalEngine.create({ threads: 2 });
afterAll(() => engine.dispose());

const closeTo = (got: Tensor, expected: Tensor, tolerance: number): void => {
	const { maxAbs, scale } = difference(got, expected);
	expect(maxAbs).toBeLessThanOrEqual(tolerance * Math.max(1, scale));
};

test("a compiled composition of ops is the host's", async () => {
	await fc.assert(
		fc.asyncProperty(steps, async (steps) => {
			const graph = graphOf({ last: build(steps).at(-1) as Value });
			const got = await engine.run({ program: compile(graph), feeds });
			closeTo(got.get("last") as Tensor, evaluate(graph, feeds, "float64").get("last") as Tensor, 2e-5);
		}),
	);
});

test("the gradient of a composition is what central differences give", () => {
	fc.assert(
		fc.property(steps, (steps) => {
			const values = build(steps);
			const [x, y] = values as [Value, Value];
			const loss = ops.mean(ops.tanh(values.at(-1) as Value), [0, 1], { keepDims: false });
			const [dx, dy] = grad(loss, [x, y]) as [Value, Value];
			const exact = evaluate(graphOf({ x: dx, y: dy }), feeds, "float64");
			// a step so short that no comparison or argmax changes its mind
			for (const [name, slopes] of centralDifferences(graphOf({ loss, x, y }), feeds, ["x", "y"], 1e-6)) {
				closeTo(exact.get(name) as Tensor, slopes, 1e-7);
			}
		}),
		{ numRuns: 50 },
	);
});

test("simplifying changes no output, and what is simple stays as it is", () => {
	fc.assert(
		fc.property(steps, (steps) => {
			const graph = graphOf(new Map(build(steps).map((v, i) => [`v${i}`, v])));
			const simple = simplify(graph);
			expect(simple.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
			expect(evaluate(simple, feeds)).toEqual(evaluate(graph, feeds));
			expect(simplify(simple).nodes).toEqual(simple.nodes);
		}),
	);
});

test("asking for one more value changes no number of the others", async () => {
	await fc.assert(
		fc.asyncProperty(steps, fc.nat(), async (steps, tap) => {
			const values = build(steps);
			const last = values.at(-1) as Value;
			const tapped = values[tap % values.length] as Value;
			const alone = await engine.run({ program: compile(graphOf({ last })), feeds: feedsFor(last) });
			const both = { last, tapped, x: values[0] as Value, y: values[1] as Value };
			const together = await engine.run({ program: compile(graphOf(both)), feeds });
			expect(together.get("last")).toEqual(alone.get("last"));
		}),
	);
});

/** Only what the graph reads may be fed. */
function feedsFor(value: Value): Record<string, Tensor> {
	const names = graphOf({ value }).inputs.map((v) => v.node.attributes.name as string);
	return Object.fromEntries(Object.entries(feeds).filter(([name]) => names.includes(name)));
}
