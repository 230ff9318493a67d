import type { Tensor } from "../tensor/index.js";
import { evaluateDim, formatShape } from "./dim.js";
import type { Graph } from "./graph.js";
import type { TensorType, Value } from "./value.js";

/**
 * Runs a graph on the host with each op's reference kernel: slow, and the oracle of everything compiled.
 * @param precision "float64" computes every float32 value in double precision.
 */
export function evaluate(
	graph: Graph,
	feeds: Readonly<Record<string, Tensor>>,
	precision: "float32" | "float64" = "float32",
): Map<string, Tensor> {
	const cast = (t: Tensor): Tensor =>
		t.dtype === "float32" && precision === "float64" ? t.to("float64") : t;
	const bindings = new Map<string, number>();
	const values = new Map<Value, Tensor>();
	for (const input of graph.inputs) {
		const name = input.node.attributes.name as string;
		const fed = feeds[name];
		if (!fed) throw new RangeError(`evaluate: no value for input "${name}" ${input}`);
		bindDims(name, input, fed, bindings);
		values.set(input, cast(fed));
	}
	for (const node of graph.nodes) {
		if (node.op.name === "input") continue;
		const inputs = node.inputs.map((v) => values.get(v) as Tensor);
		const types = node.outputs.map((v) => ({
			dtype: v.dtype === "float32" ? precision : v.dtype,
			shape: v.shape.map((d) => evaluateDim(d, bindings)),
		}));
		const outputs = node.op.host(inputs, node.attributes, types);
		for (const [i, output] of node.outputs.entries()) values.set(output, cast(outputs[i] as Tensor));
	}
	return new Map([...graph.outputs].map(([name, value]) => [name, values.get(value) as Tensor]));
}

/** Checks a fed tensor against an input's type and records what its symbolic extents are. */
export function bindDims(name: string, input: TensorType, fed: Tensor, bindings: Map<string, number>): void {
	const wrong = (): never => {
		throw new TypeError(`input "${name}": expected ${input.dtype}${formatShape(input.shape)}, got ${fed.dtype}${formatShape(fed.shape)}`);
	};
	if (fed.shape.length !== input.shape.length) wrong();
	if (fed.dtype !== input.dtype && !(fed.dtype === "float64" && input.dtype === "float32")) wrong();
	for (const [axis, dim] of input.shape.entries()) {
		const got = fed.shape[axis] as number;
		if (typeof dim === "number") {
			if (dim !== got) wrong();
			continue;
		}
		const known = bindings.get(dim);
		if (known === undefined) bindings.set(dim, got);
		else if (known !== got) {
			throw new TypeError(
				`input "${name}": axis ${axis} (${dim}) is ${got}, but another input has ${dim} = ${known}`,
			);
		}
	}
}
