import { type Dim, evaluateDim } from "./dim.js";
import { type Graph, graphOf } from "./graph.js";
import { type Attribute, type Attributes, apply, type Value } from "./value.js";

/**
 * The same computation with every symbolic extent bound to a number: for gradients that need concrete
 * extents, and for providers that cannot compute shapes.
 * @throws {RangeError} if a symbol has no value, or if a rule does not hold for the numbers.
 */
export function specialize(graph: Graph, bindings: ReadonlyMap<string, number>): Graph {
	const bound = new Map<Value, Value>();
	for (const node of graph.nodes) {
		const inputs = node.inputs.map((v) => bound.get(v) as Value);
		const outputs = apply(node.op, inputs, bindAttributes(node.attributes, bindings));
		for (const [i, output] of node.outputs.entries()) bound.set(output, outputs[i] as Value);
	}
	return graphOf(new Map([...graph.outputs].map(([name, v]) => [name, bound.get(v) as Value])));
}

/** Options with their symbolic extents bound. Only lists hold extents; plain strings are names. */
export function bindAttributes<A extends Attributes>(
	attributes: A,
	bindings: ReadonlyMap<string, number>,
): A {
	const bind = (value: Attribute): Attribute =>
		Array.isArray(value) ? value.map((dim: Dim) => evaluateDim(dim, bindings)) : value;
	return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, bind(value)])) as A;
}
