import type { Tensor } from "../../tensor/index.js";
import { type Dim, formatShape, mulDims, sizeOfDims } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { bool, float32, int32 } from "./types.js";
import { refuseBoolOnWebGpu } from "./webgpu.js";

const sameShape = (a: readonly Dim[], b: readonly Dim[]): boolean => formatShape(a) === formatShape(b);

const reshapeOp = defineOp<{ shape: readonly Dim[] }>({
	name: "reshape",
	doc: "The same elements in another shape.",
	infer: ([x], { shape }) => {
		const from = x as TensorType;
		if (sizeOfDims(from.shape) !== sizeOfDims(shape)) {
			throw new RangeError(
				`cannot reshape ${formatShape(from.shape)} to ${formatShape(shape)}: the sizes differ`,
			);
		}
		return [{ dtype: from.dtype, shape }];
	},
	host: ([x], _, [type]) => [(x as Tensor).reshape((type as { shape: readonly number[] }).shape)],
	lower: (emit, node, [x], outputs) => {
		const { shape } = node.attributes;
		const from = (node.inputs[0] as Value).shape;
		// 0 copies the input's extent at that axis, one -1 is inferred: most symbolic shapes need no more
		const empty = from.includes(0) || shape.includes(0);
		const target = shape.map((d, axis) => (typeof d === "number" ? d : d === from[axis] ? 0 : -1));
		const simple = !empty && target.filter((d) => d === -1).length <= 1;
		emit.node(
			"Reshape",
			[x as string, simple ? emit.ints(target) : emit.shape(shape)],
			outputs,
			simple ? {} : { allowzero: 1 },
		);
	},
	vjp: (g, [ct], node) => [g.reshape(ct as Value, (node.inputs[0] as Value).shape)],
	shortcut: (g, inputs, { shape }) => {
		const [x] = inputs as readonly [Value];
		const source = x.node.op.name === "reshape" ? (x.node.inputs[0] as Value) : x;
		if (sameShape(source.shape, shape)) return [source];
		return source === x ? undefined : [g.reshape(source, shape)];
	},
	examples: [
		{ inputs: [["batch", 6]], attributes: { shape: ["batch", 3, 2] } },
		{ inputs: [["batch", "pos", 4]], attributes: { shape: ["batch*pos", 2, 2] } },
		{ inputs: [["batch*pos", 4]], attributes: { shape: ["batch", "pos", 4] } },
		{ inputs: [["batch", "pos", 2, 3]], attributes: { shape: ["pos", 2, "3*batch"] } },
		{ inputs: [[2, 3]], attributes: { shape: [6] } },
		{ inputs: [[0, 4]], attributes: { shape: [2, 0, 2] } },
		{ inputs: [int32([4])], attributes: { shape: [2, 2] } },
	],
	refuses: [
		{ inputs: [float32(2, 3)], attributes: { shape: [4] } },
		{ inputs: [float32("batch", 3)], attributes: { shape: ["pos", 3] } },
	],
});

const transposeOp = defineOp<{ order: readonly number[] }>({
	name: "transpose",
	doc: "Axes in another order: output axis i is input axis order[i].",
	infer: ([x], { order }) => {
		const { dtype, shape } = x as TensorType;
		if ([...order].sort((a, b) => a - b).join() !== shape.map((_, i) => i).join()) {
			throw new RangeError(`order [${order.join(", ")}] is not a permutation of the ${shape.length} axes`);
		}
		return [{ dtype, shape: order.map((axis) => shape[axis] as Dim) }];
	},
	host: ([x], { order }) => [(x as Tensor).transpose(order)],
	lower: (emit, node, inputs, outputs) => {
		refuseBoolOnWebGpu(emit, node);
		emit.node("Transpose", inputs, outputs, { perm: node.attributes.order });
	},
	vjp: (g, [ct], node) => {
		const { order } = node.attributes;
		return [
			g.transpose(
				ct as Value,
				order.map((_, axis) => order.indexOf(axis)),
			),
		];
	},
	shortcut: (_, [x], { order }) => (x && order.every((axis, i) => axis === i) ? [x] : undefined),
	examples: [
		{ inputs: [["batch", "pos", 4]], attributes: { order: [2, 0, 1] } },
		{ inputs: [["batch", 3]], attributes: { order: [1, 0] } },
		{ inputs: [["batch", "pos", 2, 3]], attributes: { order: [0, 2, 1, 3] } },
		{ inputs: [bool(2, 3)], attributes: { order: [1, 0] } },
	],
	refuses: [
		{ inputs: [float32(2, 3)], attributes: { order: [0, 0] } },
		{ inputs: [float32(2, 3)], attributes: { order: [0, 1, 2] } },
	],
});

const expandOp = defineOp<{ shape: readonly Dim[] }>({
	name: "expand",
	doc: "Repeats along missing axes and axes of extent 1 up to a shape.",
	infer: ([x], { shape }) => {
		const from = x as TensorType;
		if (formatShape(broadcastShapes(from.shape, shape)) !== formatShape(shape)) {
			throw new RangeError(`cannot expand ${formatShape(from.shape)} to ${formatShape(shape)}`);
		}
		return [{ dtype: from.dtype, shape }];
	},
	host: ([x], _, types) =>
		filled(types, (out, shape) =>
			forEachBroadcast([(x as Tensor).shape], shape, ([i], flat) => {
				out[flat] = Number((x as Tensor).data[i as number]);
			}),
		),
	lower: (emit, node, [x], outputs) => {
		refuseBoolOnWebGpu(emit, node);
		emit.node("Expand", [x as string, emit.shape(node.attributes.shape)], outputs);
	},
	vjp: (g, [ct], node) => [unbroadcast(g, ct as Value, node.inputs[0] as Value)],
	shortcut: (_, [x], { shape }) => (x && sameShape(x.shape, shape) ? [x] : undefined),
	examples: [
		{ inputs: [["pos", 1]], attributes: { shape: ["batch", "pos", 4] } },
		{ inputs: [[]], attributes: { shape: ["batch", 2] } },
		{ inputs: [[1, 3]], attributes: { shape: ["batch", 3] } },
		{ inputs: [["batch"]], attributes: { shape: ["pos", "batch"] } },
		{ inputs: [int32([2, 1])], attributes: { shape: [2, 3] } },
	],
	refuses: [
		{ inputs: [float32(2)], attributes: { shape: [3] } },
		{ inputs: [float32(2, 3)], attributes: { shape: [3] } },
	],
});

/** The same elements in another shape; one extent may be -1 and is then inferred. */
export function reshape(x: Value, shape: readonly Dim[]): Value {
	const open = shape.indexOf(-1);
	const known = sizeOfDims(shape.filter((d) => d !== -1));
	const target = open < 0 ? shape : shape.with(open, quotient(sizeOfDims(x.shape), known, x, shape));
	return formatShape(target) === formatShape(x.shape) ? x : apply1(reshapeOp, [x], { shape: target });
}

function quotient(total: Dim, known: Dim, x: Value, shape: readonly Dim[]): Dim {
	if (typeof total === "number" && typeof known === "number" && total % known === 0) return total / known;
	for (const candidate of [...x.shape, sizeOfDims(x.shape)])
		if (mulDims(candidate, known) === total) return candidate;
	throw new RangeError(`reshape: cannot infer -1 of ${formatShape(shape)} from ${x}`);
}

/** Axes in another order; the last two swapped by default. */
export function transpose(x: Value, order?: readonly number[]): Value {
	const swap = x.shape.map((_, i) => (i < x.rank - 2 ? i : 2 * x.rank - 3 - i));
	return apply1(transposeOp, [x], { order: order ?? swap });
}

/** Repeats along missing axes and axes of extent 1 up to a shape. */
export function expand(x: Value, shape: readonly Dim[]): Value {
	return formatShape(shape) === formatShape(x.shape) ? x : apply1(expandOp, [x], { shape });
}

/** Inserts axes of extent 1 at positions of the result. */
export function unsqueeze(x: Value, ...axes: number[]): Value {
	const rank = x.rank + axes.length;
	const at = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
	const rest = [...x.shape];
	return reshape(
		x,
		Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : (rest.shift() as Dim))),
	);
}

export const ops = [reshapeOp, transposeOp, expandOp] as const;
