import { sortNodes } from "../graph/graph.js";
import { input } from "../graph/ops/index.js";
import { substitute } from "../graph/substitute.js";
import type { ModuleNode, Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { HookError } from "../hooks/hook-error.js";
import { nearest } from "../hooks/select.js";
import type { Tensor } from "../tensor/index.js";
import type { WeightDeclaration } from "./family.js";
import type { HostCut } from "./request.js";
import type { RunOptions } from "./run-options.js";

/** Every module below a node, in the order they were called, those that hold others first. */
export function modulesOf(node: ModuleNode): ModuleNode[] {
	return node.children.flatMap((child) => [child, ...modulesOf(child)]);
}

/**
 * The weights that a module computes with, in the order it first needs them. A weight that another module
 * shares (tied embeddings) is a value of its own in each.
 */
function weightsOf(module: ModuleNode): Value[] {
	// what leads to the inputs lies outside
	const outside = new Set(sortNodes(module.inputs ?? []));
	// a hook may have cut the output off from what was computed inside
	const computed = [module, ...modulesOf(module)].flatMap((node) => node.computed ?? []);
	return sortNodes(computed)
		.filter((node) => !outside.has(node) && node.attributes.role === "weight")
		.flatMap((node) => node.outputs);
}

/** Name and shape of the weights of the module at a path. @throws {HookError} for a path that the model lacks. */
export function declaredWeights(root: ModuleNode, path: string): WeightDeclaration[] {
	const modules = modulesOf(root);
	const found = modules.filter((node) => node.path === path);
	if (found.length === 0) {
		const near = nearest(
			path,
			modules.map((node) => node.path),
			3,
		);
		throw new HookError(`no module "${path}"; nearest: ${near.join(", ")}`);
	}
	const byName = new Map(
		found.flatMap(weightsOf).map((value) => [nameOf(value), value.shape as readonly number[]]),
	);
	return [...byName].map(([name, shape]) => ({ name, shape }));
}

/** @throws {HookError} for modules and weights that the model lacks, and weights of another shape. */
export function checkWeights(root: ModuleNode, weights: NonNullable<RunOptions["weights"]>): void {
	for (const [path, tensors] of Object.entries(weights)) {
		const declared = declaredWeights(root, path);
		for (const [name, tensor] of Object.entries(tensors)) {
			const known = declared.find((weight) => weight.name === name);
			if (!known) {
				const list = declared.map((weight) => weight.name).join(", ") || "none";
				throw new HookError(`weights: module "${path}" has no weight "${name}"; it has ${list}`);
			}
			if (tensor.dtype !== "float32" || tensor.shape.join() !== known.shape.join()) {
				throw new HookError(
					`weights: "${name}" of "${path}" is float32[${known.shape.join(", ")}], got ${tensor}`,
				);
			}
		}
	}
}

/** The feeds that stand for modules' weights. */
export function weightFeeds(weights: RunOptions["weights"] = {}): Record<string, Tensor> {
	return Object.fromEntries(
		Object.entries(weights).flatMap(([path, tensors]) =>
			Object.entries(tensors).map(([name, tensor]) => [feedName(path, name), tensor]),
		),
	);
}

/** The same computation with the given modules' weights fed instead of bound. Of nested modules the inner one's count. */
export function withWeights(
	trace: Trace,
	weights: NonNullable<RunOptions["weights"]>,
	outputs: ReadonlyMap<string, Value>,
	cuts: readonly HostCut[],
): { outputs: Map<string, Value>; cuts: HostCut[] } {
	const modules = modulesOf(trace.root);
	const missed = Object.keys(weights).find((path) => !modules.some((node) => node.path === path));
	if (missed !== undefined) throw new HookError(`weights: no module "${missed}" in this run`);
	const fed = new Map<Value, Value>();
	for (const node of modules) {
		const own = weights[node.path] ?? {};
		for (const value of weightsOf(node)) {
			const name = nameOf(value);
			if (Object.hasOwn(own, name)) fed.set(value, input(feedName(node.path, name), "float32", value.shape));
		}
	}
	const wanted = new Map([
		...outputs,
		...cuts.map(({ replacement, value }) => [feedName("cut", nameOf(replacement)), value] as const),
	]);
	const changed = substitute(wanted, fed);
	return {
		outputs: new Map([...outputs.keys()].map((name) => [name, changed.get(name) as Value])),
		cuts: cuts.map((cut) => ({
			...cut,
			value: changed.get(feedName("cut", nameOf(cut.replacement))) as Value,
		})),
	};
}

function nameOf({ node }: Value): string {
	return node.attributes.name as string;
}

function feedName(path: string, name: string): string {
	return `weight of ${path}: ${name}`;
}
