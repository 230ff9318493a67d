import { input } from "../graph/ops/index.js";
import type { HookFn } from "../graph/trace.js";
import type { Tensor } from "../tensor/index.js";
import type { RunFacts, Sizes } from "./intervention.js";
import { editsOf, type Intervention } from "./registry.js";

/** Interventions as hooks over graph values, and what those are fed. */
export interface CompiledInterventions {
	/** Lists with equal keys compute the same graph: they differ in what is fed. */
	readonly key: string;
	/** Hook functions by full point name, in the order of the list. */
	readonly hooks: readonly (readonly [string, HookFn])[];
	/** Tensors for the inputs that the hooks made. */
	feeds(run: RunFacts): Record<string, Tensor>;
}

/** @throws {InterventionError} for data that are not understood or do not fit the model. */
export function compileInterventions(list: readonly Intervention[], sizes: Sizes): CompiledInterventions {
	const edits = editsOf(list, sizes);
	const named = (i: number, name: string): string => `intervention:${i}:${name}`;
	return {
		key: edits.map(({ point, structure }) => `${structure} at ${point}`).join("; "),
		hooks: edits.map(({ point, apply }, i) => [
			point,
			(value, g) => apply(value, g, (name, shape) => input(named(i, name), "float32", shape)),
		]),
		feeds: (run) =>
			Object.fromEntries(
				edits.flatMap((edit, i) =>
					Object.entries(edit.feeds(run)).map(([name, tensor]) => [named(i, name), tensor]),
				),
			),
	};
}
