import { type Graph, graphOf } from "./graph.js";
import { printAttributes } from "./print.js";
import { type Node, Value } from "./value.js";

/**
 * The same graph with every computation done once: nodes with equal op, inputs and attributes become
 * one, so that `weight("wte.weight")` asked for twice is one input and each layer's rotary tables are one.
 */
export function shareCommon(graph: Graph): Graph {
	const ids = new Map<Value, number>();
	const replaced = new Map<Value, Value>();
	const seen = new Map<string, Node>();
	const resolve = (value: Value): Value => replaced.get(value) ?? value;
	for (const node of graph.nodes) {
		const inputs = node.inputs.map(resolve);
		const key = `${node.op.name}(${inputs.map((v) => ids.get(v)).join()}) ${printAttributes(node)}`;
		let shared = seen.get(key);
		if (!shared) {
			shared = inputs.some((v, i) => v !== node.inputs[i]) ? rebuild(node, inputs) : node;
			seen.set(key, shared);
			for (const output of shared.outputs) ids.set(output, ids.size);
		}
		for (const [i, output] of node.outputs.entries()) {
			const target = shared.outputs[i] as Value;
			if (target !== output) replaced.set(output, target);
		}
	}
	return graphOf(new Map([...graph.outputs].map(([name, value]) => [name, resolve(value)])));
}

function rebuild(node: Node, inputs: readonly Value[]): Node {
	const outputs: Value[] = [];
	const copy: Node = { ...node, inputs, outputs };
	for (const [i, v] of node.outputs.entries()) outputs.push(new Value(copy, i, v.dtype, v.shape));
	return copy;
}
