import { forEachIndex, stridesOf } from "../../tensor/index.js";
import { type Dim, formatShape } from "../dim.js";
import type { Ops } from "../op.js";
import type { Value } from "../value.js";

/** NumPy's rule: shapes are aligned at the right, and an extent of 1 (or a missing one) stretches. */
export function broadcastShapes(...shapes: readonly (readonly Dim[])[]): Dim[] {
	const rank = Math.max(0, ...shapes.map((s) => s.length));
	return Array.from({ length: rank }, (_, axis) => {
		let extent: Dim = 1;
		for (const shape of shapes) {
			const dim = shape[axis - rank + shape.length] ?? 1;
			if (dim === 1 || dim === extent) continue;
			if (extent !== 1) {
				throw new RangeError(
					`shapes ${shapes.map(formatShape).join(" and ")} do not broadcast: axis ${axis - rank} is ${extent} and ${dim}`,
				);
			}
			extent = dim;
		}
		return extent;
	});
}

/** Strides with which a tensor of `shape` is read at indices of the broadcast shape `to`. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
	const own = stridesOf(shape);
	return to.map((_, axis) => {
		const i = axis - to.length + shape.length;
		return i < 0 || shape[i] === 1 ? 0 : (own[i] as number);
	});
}

/** Visits `to` row-major with the flat position of each operand. */
export function forEachBroadcast(
	shapes: readonly (readonly number[])[],
	to: readonly number[],
	visit: (positions: readonly number[], flat: number) => void,
): void {
	const strides = shapes.map((s) => broadcastStrides(s, to));
	const positions = shapes.map(() => 0);
	forEachIndex(to, (index, flat) => {
		for (const [k, stride] of strides.entries()) {
			let at = 0;
			for (let axis = 0; axis < index.length; axis++)
				at += (index[axis] as number) * (stride[axis] as number);
			positions[k] = at;
		}
		visit(positions, flat);
	});
}

/** Sums a cotangent over the axes along which `target` was stretched, so that it has target's shape again. */
export function unbroadcast(g: Ops, cotangent: Value, target: Value): Value {
	const lead = cotangent.rank - target.rank;
	const stretched = cotangent.shape
		.map((_, axis) => axis)
		.filter((axis) => axis < lead || (target.shape[axis - lead] === 1 && cotangent.shape[axis] !== 1));
	if (stretched.length === 0) return cotangent;
	return g.reshape(g.sum(cotangent, stretched, { keepDims: false }), target.shape);
}
