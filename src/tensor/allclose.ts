import type { Tensor } from "./tensor.js";

/** How two tensors differ: the largest difference and where it is. */
export interface Difference {
	/** max |a - b|; entries that are both <= -1e30 (masked scores) or both NaN count as equal. */
	maxAbs: number;
	/** max |b|, over entries above -1e30. */
	scale: number;
	/** Index of the largest difference, one number per axis. */
	index: number[];
}

/** Compares two tensors of equal shape; another shape is an error that gives both. */
export function difference(a: Tensor, b: Tensor): Difference {
	if (a.shape.join() !== b.shape.join()) {
		throw new RangeError(`difference: shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
	}
	let maxAbs = 0;
	let scale = 0;
	let worst = 0;
	for (let i = 0; i < a.size; i++) {
		const x = Number(a.data[i]);
		const y = Number(b.data[i]);
		if (Number.isFinite(y) && Math.abs(y) < 1e30) scale = Math.max(scale, Math.abs(y));
		if (x === y || (x <= -1e30 && y <= -1e30) || (Number.isNaN(x) && Number.isNaN(y))) continue;
		const d = Math.abs(x - y);
		if (d > maxAbs || Number.isNaN(d)) {
			maxAbs = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
			worst = i;
		}
	}
	const index = a.shape.map(() => 0);
	for (let axis = a.shape.length - 1, rest = worst; axis >= 0; axis--) {
		const extent = Math.max(1, a.shape[axis] as number);
		index[axis] = rest % extent;
		rest = Math.floor(rest / extent);
	}
	return { maxAbs, scale, index };
}

/** Whether every |a - b| <= absolute + relative * |b|. Masked (-Infinity) and NaN entries match themselves. */
export function allclose(a: Tensor, b: Tensor, absolute = 1e-6, relative = 1e-5): boolean {
	if (a.shape.join() !== b.shape.join()) return false;
	for (let i = 0; i < a.size; i++) {
		const x = Number(a.data[i]);
		const y = Number(b.data[i]);
		if (x === y || (x <= -1e30 && y <= -1e30) || (Number.isNaN(x) && Number.isNaN(y))) continue;
		if (!(Math.abs(x - y) <= absolute + relative * Math.abs(y))) return false;
	}
	return true;
}
