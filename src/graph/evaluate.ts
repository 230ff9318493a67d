import type { Tensor } from "../tensor/index.js";
import { evaluateDim, formatShape, isSymbol } from "./dim.js";
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
	const named = graph.inputs.map((v) => ({ name: v.node.attributes.name as string, type: v }));
	const bindings = bindFeeds(named, feeds);
	const values = new Map<Value, Tensor>();
	for (const { name, type } of named) {
		const fed = feeds[name] as Tensor;
		// kernels compute in double precision whatever they read: a copy of a large weight would change no number
		values.set(type, type.node.attributes.role === "weight" ? fed : cast(fed));
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

/** An input that a caller must feed. */
export interface NamedType {
	readonly name: string;
	readonly type: TensorType;
}

/**
 * Checks that feeds are there and of their inputs' types; what each symbolic extent is then.
 * @throws {RangeError | TypeError} that names the input, what it must be and what was given
 */
export function bindFeeds(
	inputs: readonly NamedType[],
	feeds: Readonly<Record<string, Tensor>>,
): Map<string, number> {
	const bindings = new Map<string, number>();
	for (const { name, type } of inputs) {
		const fed = feeds[name];
		if (!fed) {
			const given = Object.keys(feeds).join(", ") || "nothing";
			throw new RangeError(
				`input "${name}" ${type.dtype}${formatShape(type.shape)} is missing; given: ${given}`,
			);
		}
		checkType(name, type, fed);
		for (const [axis, dim] of type.shape.entries()) {
			if (typeof dim === "string" && isSymbol(dim) && !bindings.has(dim)) {
				bindings.set(dim, fed.shape[axis] as number);
			}
		}
	}
	for (const { name, type } of inputs) {
		for (const [axis, dim] of type.shape.entries()) {
			const [got, expected] = [(feeds[name] as Tensor).shape[axis], evaluateDim(dim, bindings)];
			if (got !== expected) {
				throw new TypeError(
					`input "${name}": axis ${axis} (${dim}) is ${got}, but other inputs make it ${expected}`,
				);
			}
		}
	}
	return bindings;
}

/** The part of the check that needs no other input. float64 stands for float32 on the host. */
function checkType(name: string, { dtype, shape }: TensorType, fed: Tensor): void {
	const dtypeFits = fed.dtype === dtype || (fed.dtype === "float64" && dtype === "float32");
	const shapeFits =
		fed.shape.length === shape.length && shape.every((d, i) => typeof d === "string" || d === fed.shape[i]);
	if (!dtypeFits || !shapeFits) {
		const got = `${fed.dtype}${formatShape(fed.shape)}`;
		throw new TypeError(`input "${name}": expected ${dtype}${formatShape(shape)}, got ${got}`);
	}
}
