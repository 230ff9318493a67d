import type { Dim } from "../dim.js";
import type { TensorType } from "../value.js";

/** Short forms of types, for examples and refusals: `float32("batch", 3)`. */
export const float32 = (...shape: Dim[]): TensorType & { dtype: "float32" } => ({ dtype: "float32", shape });
export const bool = (...shape: Dim[]): TensorType & { dtype: "bool" } => ({ dtype: "bool", shape });
/** Random whole numbers in [0, below) where it is an example's input. */
export const int32 = (
	shape: readonly Dim[],
	below = 4,
): TensorType & { dtype: "int32"; readonly below: number } => ({ dtype: "int32", shape, below });
