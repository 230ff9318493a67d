import { Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter, type HostType } from "../op.js";
import { apply, type Node, type TensorType, type Value } from "../value.js";
import { tensorOf } from "./host.js";
import { float32, int32 } from "./types.js";

const topKOp = defineOp<{ k: number }>({
	name: "top-k",
	doc: "The k largest elements of the last axis, largest first, and their int32 indices; of equals the first.",
	infer: ([x], { k }) => {
		const { dtype, shape } = x as TensorType;
		if (dtype !== "float32" || shape.length === 0) {
			throw new TypeError("the operand must be float32 of rank >= 1");
		}
		const width = shape.at(-1);
		if (typeof width !== "number" || !Number.isInteger(k) || k < 1 || k > width) {
			throw new RangeError(`k is ${k}, allowed 1 to the last extent, which must be known`);
		}
		const kept = shape.with(-1, k);
		return [
			{ dtype, shape: kept },
			{ dtype: "int32", shape: kept },
		];
	},
	host: ([x], { k }, types) => {
		const { data, shape } = x as Tensor;
		const width = shape.at(-1) as number;
		const rows = width === 0 ? 0 : data.length / width;
		const order = Array.from({ length: rows }, (_, r) => {
			const row = data.subarray(r * width, (r + 1) * width) as Float64Array;
			// a stable sort keeps the first of equals in front
			return [...row.keys()].sort((a, b) => (row[b] as number) - (row[a] as number)).slice(0, k);
		});
		const write = (type: HostType | undefined, of: (row: number, index: number) => number): Tensor =>
			tensorOf(type as HostType, (out) => {
				for (const [r, best] of order.entries()) {
					for (const [i, index] of best.entries()) out[r * k + i] = of(r, index);
				}
			});
		return [write(types[0], (r, index) => Number(data[r * width + index])), write(types[1], (_, i) => i)];
	},
	lower: (emit, node, [x], [values, indices]) => {
		if (emit.provider === "webgpu")
			return largestInTurn(emit, node, x as string, values as string, indices as string);
		const wide = emit.temp();
		const count = emit.ints([node.attributes.k]);
		emit.node("TopK", [x as string, count], [values as string, wide], { axis: -1, largest: 1, sorted: 1 });
		emit.node("Cast", [wide], [indices as string], { to: { type: "int32" } });
	},
	vjp: (g, [ct], node) => {
		const [x, indices] = [node.inputs[0] as Value, node.outputs[1] as Value];
		return [ct && g.scatterAddAlong(indices, ct, x.rank - 1, x.shape)];
	},
	// the runtime's kernel divides by the number of rows
	examples: [
		{ inputs: [["batch", "pos", 7]], attributes: { k: 3 }, empty: false },
		{ inputs: [["batch", 4]], attributes: { k: 4 }, empty: false },
		{ inputs: [Tensor.from([1, 3, 2, 3, 3])], attributes: { k: 2 }, wrt: [] },
	],
	refuses: [
		{ inputs: [int32([3])], attributes: { k: 1 } },
		{ inputs: [float32()], attributes: { k: 1 } },
		{ inputs: [float32(2, 3)], attributes: { k: 4 } },
		{ inputs: [{ dtype: "float32", shape: ["pos"] }], attributes: { k: 1 } },
	],
});

/**
 * The largest, then the largest of the others, and so on, where the runtime has no TopK. Places count down from the width,
 * so that of equals the first has the highest; a place that was taken is 0.
 */
function largestInTurn(
	emit: Emitter,
	{ inputs, attributes: { k } }: Pick<Node<{ k: number }>, "inputs" | "attributes">,
	x: string,
	values: string,
	indices: string,
): void {
	const width = inputs[0]?.dim(-1) as number;
	const at = (type: string, operands: readonly string[], options = {}): string => {
		const name = emit.temp();
		emit.node(type, operands, [name], options);
		return name;
	};
	const [axis, zero] = [emit.ints([-1]), emit.constant(Tensor.scalar(0))];
	const lowest = emit.constant(Tensor.scalar(Number.NEGATIVE_INFINITY));
	const largest = (of: string): string => at("ReduceMax", [of, axis], { keepdims: 1 });
	let [left, places] = [x, emit.constant(Tensor.from(Array.from({ length: width }, (_, i) => width - i)))];
	const found: { value: string; index: string }[] = [];
	for (let i = 0; i < k; i++) {
		const value = largest(left);
		const place = largest(at("Where", [at("Equal", [left, value]), places, zero]));
		const index = at("Sub", [emit.constant(Tensor.scalar(width)), place]);
		found.push({ value, index: at("Cast", [index], { to: { type: "int32" } }) });
		if (i + 1 === k) break;
		const taken = at("Equal", [places, place]);
		left = at("Where", [taken, lowest, left]);
		places = at("Where", [taken, zero, places]);
	}
	emit.node(
		"Concat",
		found.map(({ value }) => value),
		[values],
		{ axis: -1 },
	);
	emit.node(
		"Concat",
		found.map(({ index }) => index),
		[indices],
		{ axis: -1 },
	);
}

/** The `k` largest elements of the last axis, largest first, and their int32 indices: both [.., k]. */
export function topK(x: Value, k: number): { values: Value; indices: Value } {
	const [values, indices] = apply(topKOp, [x], { k });
	return { values: values as Value, indices: indices as Value };
}

export const ops = [topKOp] as const;
