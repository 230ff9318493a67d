import { Tensor } from "../tensor/index.js";
import type { Graph } from "./graph.js";
import type { Attribute, Node, Value } from "./value.js";

/**
 * A graph as text, one node a line: `v3: float32[batch, pos, 8] = matmul(v1, v2) { alpha: 0.5 }`.
 * Equal text means an equal computation, so it is also the key under which compiled graphs are kept.
 * @param inputNames what inputs are called instead of their own names
 */
export function printGraph(graph: Graph, inputNames: ReadonlyMap<Node, string> = new Map()): string {
	const names = nameValues(graph.nodes);
	const lines = graph.nodes.map((node) => printNode(node, names, inputNames.get(node)));
	for (const [name, value] of graph.outputs) lines.push(`output ${name} = ${names.get(value)}`);
	return lines.join("\n");
}

/** v0, v1, ... in the order of the nodes. */
export function nameValues(nodes: readonly Node[]): Map<Value, string> {
	const names = new Map<Value, string>();
	for (const node of nodes) {
		for (const output of node.outputs) names.set(output, `v${names.size}`);
	}
	return names;
}

function printNode(node: Node, names: ReadonlyMap<Value, string>, name: string | undefined): string {
	const left = node.outputs.map((v) => `${names.get(v)}: ${v}`).join(", ");
	const inputs = node.inputs.map((v) => names.get(v)).join(", ");
	const options = printAttributes(name === undefined ? node : { attributes: { ...node.attributes, name } });
	return `${left} = ${node.op.name}(${inputs})${options && ` { ${options} }`}`;
}

/** `alpha: 0.5, axes: [1, 2]`; empty where there are none. */
export function printAttributes(node: Pick<Node, "attributes">): string {
	return Object.entries(node.attributes)
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => `${name}: ${printAttribute(value)}`)
		.join(", ");
}

export function printAttribute(value: Attribute): string {
	if (value instanceof Tensor) {
		const shown =
			value.size <= 16 ? ` ${JSON.stringify(value.toNested(), exact)}` : ` #${fingerprint(value)}`;
		return `${value}${shown}`;
	}
	return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}

/** JSON has neither infinities nor -0; a constant's text must tell them apart. */
function exact(_: string, value: unknown): unknown {
	if (Object.is(value, -0)) return "-0";
	return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

const fingerprints = new WeakMap<Tensor, string>();

/** Two FNV-like hashes over the bytes: tell large constants apart in printed graphs. */
function fingerprint(tensor: Tensor): string {
	const known = fingerprints.get(tensor);
	if (known) return known;
	const bytes = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
	let low = 0x811c9dc5;
	let high = 0x01000193;
	for (const byte of bytes) {
		low = Math.imul(low ^ byte, 0x01000193);
		high = Math.imul(high ^ byte, 0x85ebca6b) ^ (low >>> 13);
	}
	const text = [low, high].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
	fingerprints.set(tensor, text);
	return text;
}
