import { type Graph, graphOf, sortNodes } from "./graph.js";
import { input } from "./ops/index.js";
import { substitute } from "./substitute.js";
import type { Node, Value } from "./value.js";

/** A place where a run leaves the graph: the host sees `value` and says what `replacement` is fed with. */
export interface Cut {
	readonly name: string;
	readonly value: Value;
	/** An input node that stands for the value from here on. */
	readonly replacement: Value;
}

/** One part of a cut computation. */
export interface Stage {
	readonly graph: Graph;
	/** The cut that this stage's result leads to; undefined for the last. */
	readonly cut?: Cut;
}

/** Makes the input that stands for a value after a cut. */
export function cutAt(name: string, value: Value): Cut {
	return { name, value, replacement: input(`cut:${name}`, value.dtype, value.shape) };
}

const CARRIED = "carry:";

/**
 * Splits a computation at cuts. Stage k computes what cut k shows, every output that can be had by then,
 * and what later stages still need of it; those are fed back under the names they come out with
 * ("carry:0", ...), so nothing is computed twice.
 */
export function stagesOf(outputs: ReadonlyMap<string, Value>, cuts: readonly Cut[]): Stage[] {
	const order = new Map(cuts.map((cut, k) => [cut.replacement.node, k + 1]));
	const nodes = sortNodes([...outputs.values(), ...cuts.map((c) => c.value)]);
	const stageOfNode = new Map<Node, number>();
	for (const node of nodes) {
		const own = order.get(node) ?? 0;
		stageOfNode.set(node, Math.max(own, ...node.inputs.map((v) => stageOfNode.get(v.node) as number)));
	}
	const free = (node: Node): boolean => node.op.name === "input" || node.op.name === "constant";
	const carried = new Map<Value, string>();
	for (const node of nodes) {
		for (const v of node.inputs) {
			if (free(v.node) || carried.has(v)) continue;
			if ((stageOfNode.get(v.node) as number) < (stageOfNode.get(node) as number))
				carried.set(v, `${CARRIED}${carried.size}`);
		}
	}
	return Array.from({ length: cuts.length + 1 }, (_, stage) => {
		const wanted = new Map<string, Value>();
		for (const [name, value] of outputs) if (stageOfNode.get(value.node) === stage) wanted.set(name, value);
		for (const [value, name] of carried) if (stageOfNode.get(value.node) === stage) wanted.set(name, value);
		const cut = cuts[stage];
		if (cut) wanted.set(cut.name, cut.value);
		const earlier = [...carried].filter(([value]) => (stageOfNode.get(value.node) as number) < stage);
		const fed = new Map(earlier.map(([v, name]) => [v, input(name, v.dtype, v.shape)]));
		const graph = graphOf(substitute(wanted, fed));
		return { graph, ...(cut && { cut }) };
	});
}

/** Whether a result is only there for later stages. */
export function isCarried(name: string): boolean {
	return name.startsWith(CARRIED);
}
