import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type Linear, linear } from "./linear.js";

/** Parts of an MLP of two matrices. */
export interface Mlp {
	readonly act: (x: Value) => Value;
	/** From [batch, pos, d_model] to [batch, pos, d_mlp]. */
	readonly up: Linear;
	readonly down: Linear;
}

/** down(act(up(x))), with the points hook_pre and hook_post before and behind the activation. */
export function mlp(t: Trace, { act, up, down }: Mlp): (x: Value) => Value {
	return (x) => {
		const pre = t.hook("hook_pre", linear(x, up));
		return linear(t.hook("hook_post", act(pre)), down);
	};
}
