import type { Node, Value } from "./value.js";

/** A closed computation: named outputs and everything they need, in an order that can be run. */
export interface Graph {
	/** `input` nodes, in the order of first use. */
	readonly inputs: readonly Value[];
	readonly outputs: ReadonlyMap<string, Value>;
	/** Every node that an output needs, inputs before users. */
	readonly nodes: readonly Node[];
}

/** The graph behind named values. What no output needs is not part of it. */
export function graphOf(outputs: Readonly<Record<string, Value>> | ReadonlyMap<string, Value>): Graph {
	const named = outputs instanceof Map ? outputs : new Map(Object.entries(outputs as Record<string, Value>));
	const nodes = sortNodes([...named.values()]);
	const inputs = nodes.filter((n) => n.op.name === "input").flatMap((n) => n.outputs);
	return { inputs, outputs: named, nodes };
}

/** Nodes that the values depend on, each after all it reads (iterative: graphs are deep). */
export function sortNodes(values: readonly Value[]): Node[] {
	const sorted: Node[] = [];
	const done = new Set<Node>();
	const stack: { node: Node; next: number }[] = [];
	for (const { node } of values) {
		if (!done.has(node)) stack.push({ node, next: 0 });
		while (stack.length > 0) {
			const top = stack[stack.length - 1] as { node: Node; next: number };
			const input = top.node.inputs[top.next++];
			if (input) {
				if (!done.has(input.node)) stack.push({ node: input.node, next: 0 });
			} else {
				stack.pop();
				if (!done.has(top.node)) {
					done.add(top.node);
					sorted.push(top.node);
				}
			}
		}
	}
	return sorted;
}
