import { Tensor } from "headscope";
import type { Reply } from "../../runtime/rpc.js";

/** A tensor as it travels; classes do not survive a thread or a socket. */
interface TensorMessage {
	readonly $tensor: Tensor["dtype"];
	readonly shape: readonly number[];
	readonly data: Tensor["data"];
	readonly axes?: Tensor["axes"];
}

/** Replaces the tensors anywhere in plain data by what can travel, and names the buffers that may be moved. */
export function packTensors(value: unknown): Reply {
	const transfer: ArrayBufferLike[] = [];
	const pack = (part: unknown): unknown => {
		if (part instanceof Tensor) {
			// a view of a larger buffer is copied, so that the rest of the buffer stays where it is
			const whole = part.data.byteLength === part.data.buffer.byteLength;
			const data = whole ? part.data : part.data.slice();
			transfer.push(data.buffer);
			return { $tensor: part.dtype, shape: part.shape, data, axes: part.axes };
		}
		return mapPlain(part, pack);
	};
	return { value: pack(value), transfer: [...new Set(transfer)] };
}

/** Makes tensors again of what `packTensors` made. */
export function unpackTensors(value: unknown): unknown {
	if (typeof value === "object" && value !== null && "$tensor" in value) {
		const { $tensor, shape, data, axes } = value as TensorMessage;
		return new Tensor($tensor, shape, data as never, axes);
	}
	return mapPlain(value, unpackTensors);
}

/** Lists and plain objects with every entry mapped; anything else as it is. */
function mapPlain(value: unknown, map: (part: unknown) => unknown): unknown {
	if (Array.isArray(value)) return value.map(map);
	if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
		return value;
	return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, map(part)]));
}
