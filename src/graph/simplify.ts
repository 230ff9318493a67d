import { sizeOf } from "../tensor/index.js";
import { type Graph, graphOf } from "./graph.js";
import * as ops from "./ops/index.js";
import { constantOf } from "./ops/leaf.js";
import { printAttributes } from "./print.js";
import { apply, type Node, type Value } from "./value.js";

/** Results of constant operands are computed here when they are this small: scalars and axes, not masks. */
const FOLDED_SIZE = 16;

/**
 * The same outputs from fewer nodes: equal computations are done once, nodes that change nothing (a cast
 * to the same dtype, a factor of 1) are left out, small constants are computed now by the host's kernels.
 *
 * Each rule looks at a node and its operands alone, never at who reads a value: so asking for one more
 * output changes no number of the others.
 */
export function simplify(graph: Graph): Graph {
	const simple = new Map<Value, Value>();
	const known = new Map<string, readonly Value[]>();
	const ids = new Map<Value, number>();
	const idOf = (x: Value): number => {
		if (!ids.has(x)) ids.set(x, ids.size);
		return ids.get(x) as number;
	};
	/** Equal text means an equal result. */
	const keyOf = (node: Node, inputs: readonly Value[]): string =>
		`${node.op.name}(${inputs.map(idOf).join()}) ${printAttributes(node)}`;
	const settled = new Set<Node>();
	const settle = (node: Node, inputs: readonly Value[]): readonly Value[] => {
		const better = node.op.shortcut?.(ops, inputs, node.attributes) ?? fold(node, inputs);
		if (better) {
			return better.map((v) => (settled.has(v.node) ? v : (settle(v.node, v.node.inputs)[v.index] as Value)));
		}
		const key = keyOf(node, inputs);
		const outputs = known.get(key) ?? rebuild(node, inputs);
		known.set(key, outputs);
		for (const output of outputs) settled.add(output.node);
		return outputs;
	};
	for (const node of graph.nodes) {
		const inputs = node.inputs.map((v) => simple.get(v) as Value);
		const outputs = settle(node, inputs);
		for (const [i, output] of node.outputs.entries()) simple.set(output, outputs[i] as Value);
	}
	return graphOf(new Map([...graph.outputs].map(([name, v]) => [name, simple.get(v) as Value])));
}

function rebuild(node: Node, inputs: readonly Value[]): readonly Value[] {
	const same = inputs.every((v, i) => v === node.inputs[i]);
	return same ? node.outputs : apply(node.op, inputs, node.attributes);
}

/** The results of an op whose operands are all constants, where they are small. */
function fold(node: Node, inputs: readonly Value[]): readonly Value[] | undefined {
	if (inputs.length === 0) return undefined;
	const tensors = inputs.map(constantOf);
	if (!tensors.every((t) => t !== undefined)) return undefined;
	const types = node.outputs.map(({ dtype, shape }) => ({ dtype, shape: shape as readonly number[] }));
	const small = types.every(
		({ shape }) => shape.every((d) => typeof d === "number") && sizeOf(shape) <= FOLDED_SIZE,
	);
	if (!small) return undefined;
	const operands = tensors.map((t) => (t.dtype === "float64" ? t.to("float32") : t));
	return node.op.host(operands, node.attributes, types).map((t) => ops.constant(t));
}
