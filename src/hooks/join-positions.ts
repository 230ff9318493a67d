import { sizeOf, Tensor } from "../tensor/index.js";
import { HookError } from "./hook-error.js";
import { positionAxis } from "./points.js";

/**
 * Values of one point at consecutive positions as one. An axis of keys grows to that of the last part; the keys that
 * earlier parts lack are what a mask makes of them: 0 in a pattern, -Infinity in scores.
 */
export function joinPositions(
	name: string,
	parts: readonly Tensor<"float32">[],
	firstKey: number,
): Tensor<"float32"> {
	const { shape, axes } = parts[0] as Tensor;
	const axis = positionAxis(name, shape.length);
	if (axis === undefined) throw new HookError(`"${name}" has no positions to join`);
	const keyed = axes?.at(-1) === "key";
	const keys = keyed ? (parts.at(-1)?.shape.at(-1) as number) - firstKey : (shape.at(-1) as number);
	const extent = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
	const out = Tensor.full(
		shape.with(axis, extent).with(-1, keys),
		name.endsWith("scores") ? Number.NEGATIVE_INFINITY : 0,
		"float32",
	);
	const outer = sizeOf(shape.slice(0, axis));
	const inner = sizeOf(shape.slice(axis + 1, -1)); // between the positions and the last axis
	let at = 0;
	for (const part of parts) {
		const [n, width] = [part.shape[axis] as number, part.shape.at(-1) as number];
		const from = keyed ? firstKey : 0;
		for (let o = 0; o < outer; o++) {
			for (let row = 0; row < n * inner; row++) {
				const start = (o * n * inner + row) * width;
				const to = (o * extent * inner + at * inner + row) * keys;
				out.data.set(part.data.subarray(start + from, start + width), to);
			}
		}
		at += n;
	}
	return new Tensor("float32", out.shape, out.data, axes);
}
