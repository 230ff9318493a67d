import type { G } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";

/** Settings under the Python trainer's names, as `optimizer_config` of a run has them. */
export interface OptimizerSettings {
	readonly betas: readonly [number, number];
	readonly weight_decay: number;
	/** Of SGD; default 0. */
	readonly momentum?: number | undefined;
}

/** Vectors or numbers by name. */
export type Named<T> = Readonly<Record<string, T>>;

/**
 * One optimizer = one record of this kind and one line in the registry. It works on all parameters as one
 * flat vector, so that an update is a dozen operations however many parameters there are.
 */
export interface Optimizer {
	/** Its name in torch, which is `optimizer_type`. */
	readonly name: string;
	/** One line: the formula and its source. */
	readonly doc: string;
	/** Vectors that it keeps beside the parameters; they start as zeros. */
	readonly state: readonly string[];
	/** What changes from update to update, in double precision. `t` counts updates from 1. */
	scalars(settings: OptimizerSettings, t: number, lr: number): Named<number>;
	/** The next parameters and state, from the vectors p, g and the state, all [parameter], and the scalars. */
	update(
		g: G,
		settings: OptimizerSettings,
		vectors: { readonly p: Value; readonly grad: Value; readonly state: Named<Value> },
		scalars: Named<Value>,
	): { readonly p: Value; readonly state: Named<Value> };
}
