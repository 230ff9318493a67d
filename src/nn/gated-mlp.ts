import { mul } from "../graph/ops/index.js";
import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type Linear, linear } from "./linear.js";

/** Parts of a gated MLP. */
export interface GatedMlp {
	/** The gate's activation function. */
	readonly act: (x: Value) => Value;
	/** From x [batch, pos, d_model] to gate and up projection, both [batch, pos, d_mlp]. */
	readonly project: (x: Value) => readonly [gate: Value, up: Value];
	readonly down: Linear;
}

/**
 * down(act(gate(x)) * up(x)) (Shazeer 2020, "GLU Variants Improve Transformer"), with the points hook_pre (the gate
 * before its activation), hook_pre_linear (the up projection) and hook_post (their product).
 */
export function gatedMlp(t: Trace, { act, project, down }: GatedMlp): (x: Value) => Value {
	return (x) => {
		const [gate, up] = project(x);
		const pre = t.hook("hook_pre", gate);
		const linearPre = t.hook("hook_pre_linear", up);
		return linear(t.hook("hook_post", mul(act(pre), linearPre)), down);
	};
}
