import { Tensor } from "../tensor/index.js";

/** Rows `from` to `to - 1` along the first axis. */
export function rowsOfTensor<T extends Tensor>(tensor: T, from: number, to: number): T {
	const [rows = 0, ...rest] = tensor.shape;
	if (from === 0 && to === rows) return tensor;
	const width = tensor.size / rows;
	const data = tensor.data.slice(from * width, to * width) as T["data"];
	return new Tensor(tensor.dtype, [to - from, ...rest], data, tensor.axes) as T;
}

/** Whether two tensors are the same rows; undefined ones are. */
export function sameRows(a: Tensor | undefined, b: Tensor | undefined): boolean {
	if (a === b) return true;
	if (!a || !b || a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
	const { data } = b;
	return a.data.every((value: number | bigint, i: number) => value === data[i]);
}
