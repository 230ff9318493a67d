import { add, div, layerNormalize, mean, mul, rmsNormalize, sub } from "../graph/ops/index.js";
import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";

/** Parameters of a norm. */
export interface Norm {
	/** "layer" subtracts the mean (Ba et al. 2016), "rms" does not (Zhang and Sennrich 2019). */
	readonly kind: "layer" | "rms";
	readonly eps: number;
	/** Without it the result is not multiplied. */
	readonly weight?: Value | undefined;
	readonly bias?: Value | undefined;
}

/**
 * A norm as a module with the points `hook_scale` [.., 1] (what x is divided by) and `hook_normalized`
 * [.., d_model] (x / scale, before weight and bias).
 */
export function norm(t: Trace, { kind, eps, weight, bias }: Norm): (x: Value) => Value {
	return (x) => {
		const { normalized, scale } = kind === "layer" ? layerNormalize(x, eps) : rmsNormalize(x, eps);
		const used = t.hook("hook_scale", scale);
		const centred = (): Value => (kind === "layer" ? sub(x, mean(x, -1)) : x);
		const divided = t.hook("hook_normalized", used === scale ? normalized : div(centred(), used));
		const weighted = weight ? mul(divided, weight) : divided;
		return bias ? add(weighted, bias) : weighted;
	};
}
