import { Tensor } from "../tensor/index.js";
import { formatShape } from "./dim.js";
import { sortNodes } from "./graph.js";
import * as ops from "./ops/index.js";
import type { Node, Value } from "./value.js";

/**
 * Gradients of a scalar with respect to values it was computed from, as graph values (reverse mode).
 * A value the loss does not depend on gets zeros.
 * @throws if `loss` is not a float scalar, or if a node on the way has no gradient.
 */
export function grad(loss: Value, wrt: readonly Value[]): Value[] {
	if (loss.rank !== 0 || loss.dtype !== "float32") {
		throw new TypeError(`grad: the loss must be a float32 scalar, got ${loss}`);
	}
	return vjp([loss], [ops.constant(Tensor.scalar(1))], wrt);
}

/** Pulls cotangents of `outputs` back to `wrt`: sum over outputs of (d output / d wrt)^T cotangent. */
export function vjp(outputs: readonly Value[], cotangents: readonly Value[], wrt: readonly Value[]): Value[] {
	const collected = pullBack(outputs, cotangents, wrt);
	return wrt.map((v) => collected.get(v) ?? ops.expand(ops.constant(Tensor.scalar(0)), v.shape));
}

/**
 * Whether a gradient of `output` reaches some of `wrt`. Comparisons, counts and largest indices pass none on, so that
 * the gradient of what is only made of them would be zeros.
 */
export function isDifferentiable(output: Value, wrt: readonly Value[]): boolean {
	const seed = ops.expand(ops.constant(Tensor.scalar(1)), output.shape);
	const collected = pullBack([output], [seed], wrt);
	return wrt.some((v) => collected.has(v));
}

/** The cotangents that reach values on the way from `outputs` to `wrt`. */
function pullBack(
	outputs: readonly Value[],
	cotangents: readonly Value[],
	wrt: readonly Value[],
): ReadonlyMap<Value, Value> {
	const nodes = sortNodes(outputs);
	const needed = reaching(nodes, wrt);
	const collected = new Map<Value, Value>();
	const collect = (value: Value, cotangent: Value): void => {
		const before = collected.get(value);
		collected.set(value, before ? ops.add(before, cotangent) : cotangent);
	};
	for (const [i, output] of outputs.entries()) collect(output, cotangents[i] as Value);
	for (const node of nodes.reverse()) {
		if (!node.inputs.some((v) => needed.has(v.node))) continue;
		const incoming = node.outputs.map((v) => collected.get(v));
		if (incoming.every((c) => c === undefined)) continue;
		if (!node.op.vjp) throw new TypeError(`grad: op "${node.op.name}" has no gradient`);
		for (const [i, cotangent] of node.op.vjp(ops, incoming, node).entries()) {
			const input = node.inputs[i] as Value;
			if (!cotangent || input.dtype !== "float32") continue;
			if (formatShape(cotangent.shape) !== formatShape(input.shape)) {
				throw new TypeError(
					`internal: gradient of ${node.op.name} input ${i} is ${cotangent}, expected ${input}`,
				);
			}
			collect(input, cotangent);
		}
	}
	return collected;
}

/** Nodes through which some of `targets` is reached. */
function reaching(nodes: readonly Node[], targets: readonly Value[]): Set<Node> {
	const marked = new Set<Node>(targets.map((v) => v.node));
	for (const node of nodes) {
		if (node.inputs.some((v) => marked.has(v.node))) marked.add(node);
	}
	return marked;
}
