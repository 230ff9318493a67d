import { div, mul, tanh } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";

/** cap * tanh(x / cap), which keeps x between -cap and cap (Gemma Team 2024, "Gemma 2"); x itself without a cap. */
export function softCap(x: Value, cap: number | undefined): Value {
	return cap === undefined ? x : mul(tanh(div(x, cap)), cap);
}
