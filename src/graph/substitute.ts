import { sortNodes } from "./graph.js";
import { type Node, Value } from "./value.js";

/** The same computations with some of the values that they read replaced by others of the same type. */
export function substitute(
	wanted: ReadonlyMap<string, Value>,
	replacements: ReadonlyMap<Value, Value>,
): Map<string, Value> {
	const made = new Map<Value, Value>(replacements);
	const rebuilt = (value: Value): Value => made.get(value) ?? value;
	for (const node of sortNodes([...wanted.values()])) {
		const inputs = node.inputs.map(rebuilt);
		if (inputs.every((v, i) => v === node.inputs[i])) continue;
		const outputs: Value[] = [];
		const copy: Node = { ...node, inputs, outputs };
		for (const [i, v] of node.outputs.entries()) {
			const value = new Value(copy, i, v.dtype, v.shape);
			outputs.push(value);
			if (!made.has(v)) made.set(v, value);
		}
	}
	return new Map([...wanted].map(([name, value]) => [name, rebuilt(value)]));
}
