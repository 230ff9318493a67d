/** Examples of ops as graphs with feeds; used by the conformance suite and by the provider page. */
import { type Dim, evaluateDim } from "../../src/graph/dim.js";
import { type Graph, graphOf } from "../../src/graph/graph.js";
import type { Example, ExampleInput, Op } from "../../src/graph/op.js";
import { input } from "../../src/graph/ops/index.js";
import { bindAttributes } from "../../src/graph/specialize.js";
import { apply, type Value } from "../../src/graph/value.js";
import { type DType, Random, setAt, Tensor } from "../../src/tensor/index.js";

export type Sizes = ReadonlyMap<string, number>;
/** What the symbols of the examples are bound to. */
export const SIZES: Sizes = new Map([
	["batch", 2],
	["pos", 3],
]);
export const OTHER_SIZES: Sizes = new Map([
	["batch", 3],
	["pos", 5],
]);
export const EMPTY: Sizes = new Map([
	["batch", 0],
	["pos", 3],
]);

function typeOf(x: ExampleInput): { dtype: DType; shape: readonly Dim[] } {
	return "dtype" in x ? x : { dtype: "float32", shape: x };
}

/** Whether any extent of an example is symbolic. */
export function isSymbolic({ inputs, attributes }: Example): boolean {
	const lists: unknown[] = [...inputs.map((x) => typeOf(x).shape), ...Object.values(attributes)];
	return lists.some((list) => Array.isArray(list) && list.some((dim) => typeof dim === "string"));
}

/** The example traced: inputs x0, x1, ..., outputs y0, y1, ...; concrete where sizes are given. */
export function traceExample(op: Op, example: Example, sizes?: Sizes): { graph: Graph; inputs: Value[] } {
	const inputs = example.inputs.map((x, i) => {
		const { dtype, shape } = typeOf(x);
		return input(`x${i}`, dtype, sizes ? shape.map((d) => evaluateDim(d, sizes)) : shape);
	});
	const attributes = sizes ? bindAttributes(example.attributes, sizes) : example.attributes;
	const outputs = apply(op, inputs, attributes);
	const named = new Map(outputs.map((v, i) => [`y${i}`, v]));
	// says what the symbols are where no operand does
	if (!sizes) named.set("sizes", input("sizes", "float32", [...SIZES.keys()]));
	return { graph: graphOf(named), inputs };
}

/** Seeded operands. */
export function feedsOf(example: Example, sizes: Sizes, seed = 0): Record<string, Tensor> {
	const random = new Random(seed);
	const [low, high] = example.range ?? [-2, 2];
	const operands = Object.fromEntries(
		example.inputs.map((x, i) => {
			if (x instanceof Tensor) return [`x${i}`, x];
			const { dtype, shape } = typeOf(x);
			const tensor = Tensor.zeros(
				shape.map((d) => evaluateDim(d, sizes)),
				dtype,
			);
			for (let k = 0; k < tensor.size; k++) {
				if (dtype === "float32") setAt(tensor.data, k, low + (high - low) * random.uniform());
				else setAt(tensor.data, k, random.integer(0, "below" in x ? x.below : 2));
			}
			return [`x${i}`, tensor];
		}),
	);
	return { ...operands, sizes: Tensor.zeros([...sizes.values()]) };
}

export const titleOf = (example: Example, i: number): string =>
	`${i}: ${example.inputs.map((x) => (x instanceof Tensor ? String(x) : `${typeOf(x).dtype}[${typeOf(x).shape.join(", ")}]`)).join(", ")}`;
