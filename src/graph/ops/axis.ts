import { type Dim, formatShape } from "../dim.js";

/** A negative axis counted from the end; whether it exists is for the op's shape rule to say. */
export function resolveAxis(axis: number, rank: number): number {
	return axis < 0 ? axis + rank : axis;
}

/** Refuses an axis that a shape does not have. */
export function checkAxis(axis: number, shape: readonly Dim[]): void {
	if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
		throw new RangeError(`no axis ${axis} in ${formatShape(shape)}`);
	}
}
