import { sizeOf, type Tensor } from "../../tensor/index.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { filled } from "./host.js";
import { bool, float32 } from "./types.js";

const largestOp = defineOp<{ count: number }>({
	name: "largest",
	doc: "The largest elements along the last axis, in falling order; no gradient.",
	infer: ([x], { count }) => {
		const { dtype, shape } = x as TensorType;
		if (dtype !== "float32") throw new TypeError(`the operand must be float32, got ${dtype}`);
		const extent = shape.at(-1);
		if (typeof extent !== "number" || !Number.isInteger(count) || count < 1 || count > extent)
			throw new RangeError(
				`the last axis must have at least ${count} elements, and 1 or more must be asked for`,
			);
		return [{ dtype, shape: shape.with(-1, count) }];
	},
	host: ([x], { count }, types) =>
		filled(types, (out) => {
			const { data, shape } = x as Tensor;
			const width = shape.at(-1) as number;
			for (let row = 0; row < sizeOf(shape.slice(0, -1)); row++) {
				const sorted = Array.from(data.subarray(row * width, (row + 1) * width) as Float32Array).sort(
					(a, b) => b - a,
				);
				for (let i = 0; i < count; i++) out[row * count + i] = sorted[i] as number;
			}
		}),
	lower: (emit, node, [x], outputs) => {
		if (emit.provider === "webgpu") throw new TypeError("the runtime has no TopK there");
		const { count } = node.attributes;
		emit.node("TopK", [x as string, emit.ints([count])], [outputs[0] as string, emit.temp()], { axis: -1 });
	},
	examples: [
		{ inputs: [["batch", "pos", 5]], attributes: { count: 3 }, empty: false },
		{ inputs: [[4]], attributes: { count: 1 } },
		{ inputs: [["batch", 3]], attributes: { count: 3 }, empty: false },
	],
	refuses: [
		{ inputs: [bool(2)], attributes: { count: 1 } },
		{ inputs: [float32(2)], attributes: { count: 3 } },
		{ inputs: [float32(2)], attributes: { count: 0 } },
		{ inputs: [float32(2, "pos")], attributes: { count: 1 } },
	],
});

/** The `count` largest elements along the last axis, in falling order. */
export function largest(x: Value, count: number): Value {
	return apply1(largestOp, [x], { count });
}

export const ops = [largestOp] as const;
