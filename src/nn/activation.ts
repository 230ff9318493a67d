import { gelu, geluTanh, mul, relu, sigmoid, silu, tanh } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";

/** Activation functions under the names that Hugging Face configurations use. */
export const ACTIVATIONS: Readonly<Record<string, (x: Value) => Value>> = {
	gelu,
	gelu_new: geluTanh,
	gelu_pytorch_tanh: geluTanh,
	gelu_fast: geluTanh,
	quick_gelu: (x) => mul(x, sigmoid(mul(x, 1.702))),
	relu,
	silu,
	swish: silu,
	tanh,
	sigmoid,
};
