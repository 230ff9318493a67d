import { allocate, sizeOf, Tensor } from "../../tensor/index.js";
import type { HostType } from "../op.js";

/**
 * The one output of a host kernel: a new tensor whose zeroed elements `fill` writes.
 * Numbers are written alike into arrays of every dtype that graphs have, hence one array type for all.
 */
export function filled(
	types: readonly HostType[],
	fill: (out: Float64Array, shape: readonly number[]) => void,
): readonly Tensor[] {
	return [tensorOf(types[0] as HostType, fill)];
}

/** A new tensor of `type` whose zeroed elements `fill` writes. */
export function tensorOf(
	{ dtype, shape }: HostType,
	fill: (out: Float64Array, shape: readonly number[]) => void,
): Tensor {
	const out = allocate(dtype, sizeOf(shape));
	fill(out as Float64Array, shape);
	return new Tensor(dtype, shape, out);
}
