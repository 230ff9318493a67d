import { sizeOf, type Tensor } from "../../tensor/index.js";
import { type Dim, sizeOfDims } from "../dim.js";
import { defineOp, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { checkAxis, resolveAxis } from "./axis.js";
import { forEachBroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { bool, float32, int32 } from "./types.js";

/** Axes are non-negative and sorted. */
type ReduceAttributes = { axes: readonly number[]; keepDims: boolean };

interface ReduceRecord {
	name: string;
	doc: string;
	onnx: string;
	initial: number;
	accumulate: (sum: number, x: number) => number;
	finish?: (sum: number, count: number) => number;
	vjp: (g: Ops, ct: Value, x: Value, y: Value, count: () => number) => Value;
	/** Whether int32 is taken too. */
	integers: boolean;
}

function defineReduce({
	name,
	doc,
	onnx,
	initial,
	accumulate,
	finish,
	vjp,
	integers,
}: ReduceRecord): Op<ReduceAttributes> {
	return defineOp<ReduceAttributes>({
		name,
		doc,
		infer: ([x], { axes, keepDims }) => {
			const { dtype, shape } = x as TensorType;
			if (dtype !== "float32" && !(integers && dtype === "int32")) {
				throw new TypeError(`the operand must be float32${integers ? " or int32" : ""}, got ${dtype}`);
			}
			for (const axis of axes) checkAxis(axis, shape);
			return [{ dtype, shape: reducedShape(shape, axes, keepDims) }];
		},
		host: ([x], { axes }, types) => {
			const input = x as Tensor;
			const kept = reducedShape(input.shape, axes, true) as number[];
			const sums = new Float64Array(sizeOf(kept)).fill(initial);
			forEachBroadcast([kept], input.shape, ([to], flat) => {
				sums[to as number] = accumulate(sums[to as number] as number, Number(input.data[flat]));
			});
			const count = input.size / sums.length;
			return filled(types, (out) => out.set(finish ? sums.map((s) => finish(s, count)) : sums));
		},
		lower: (emit, node, [x], outputs) => {
			const { axes, keepDims } = node.attributes;
			emit.node(onnx, [x as string, emit.ints(axes)], outputs, {
				keepdims: keepDims ? 1 : 0,
				noop_with_empty_axes: 1,
			});
		},
		vjp: (g, [ct], node) => {
			const x = node.inputs[0] as Value;
			const kept = reducedShape(x.shape, node.attributes.axes, true);
			const count = (): number => {
				const extent = sizeOfDims(node.attributes.axes.map((axis) => x.dim(axis)));
				if (typeof extent === "number") return extent;
				throw new TypeError(
					`the gradient of ${name} needs concrete extents on the axes it reduces, got ${x}`,
				);
			};
			const y = g.reshape(node.outputs[0] as Value, kept);
			return [vjp(g, g.expand(g.reshape(ct as Value, kept), x.shape), x, y, count)];
		},
		examples: [
			{ inputs: [["batch", 3, "pos"]], attributes: { axes: [1], keepDims: false } },
			{ inputs: [["batch", 3, 4]], attributes: { axes: [1, 2], keepDims: true } },
			{ inputs: [[2, 3]], attributes: { axes: [0, 1], keepDims: false } },
			{ inputs: [[2, 3]], attributes: { axes: [], keepDims: false } },
			...(name === "sum" ? [{ inputs: [["batch", 3]], attributes: { axes: [0], keepDims: false } }] : []),
			...(integers ? [{ inputs: [int32([2, 3])], attributes: { axes: [1], keepDims: true } }] : []),
		],
		refuses: [
			{ inputs: [bool(2)], attributes: { axes: [0], keepDims: true } },
			{ inputs: [float32(2, "pos")], attributes: { axes: [2], keepDims: true } },
		],
	});
}

function reducedShape(shape: readonly Dim[], axes: readonly number[], keepDims: boolean): Dim[] {
	return shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]));
}

const sumOp = defineReduce({
	name: "sum",
	doc: "Sum over axes.",
	onnx: "ReduceSum",
	initial: 0,
	accumulate: (s, x) => s + x,
	vjp: (_, ct) => ct,
	integers: true,
});

const meanOp = defineReduce({
	name: "mean",
	doc: "Mean over axes.",
	onnx: "ReduceMean",
	initial: 0,
	accumulate: (s, x) => s + x,
	finish: (s, n) => s / n,
	vjp: (g, ct, _x, _y, count) => g.div(ct, count()),
	integers: false,
});

const maxOp = defineReduce({
	name: "max",
	doc: "Largest element over axes; the gradient goes to every element that equals it.",
	onnx: "ReduceMax",
	initial: Number.NEGATIVE_INFINITY,
	accumulate: Math.max,
	vjp: (g, ct, x, y) => g.mul(ct, g.cast(g.equal(x, y), "float32")),
	integers: true,
});

interface ReduceOptions {
	/** Keep reduced axes with extent 1. Default true. */
	keepDims?: boolean;
}

function reduce(
	op: Op<ReduceAttributes>,
	x: Value,
	axes: number | readonly number[],
	options: ReduceOptions = {},
): Value {
	const list = typeof axes === "number" ? [axes] : axes;
	const resolved = list.map((axis) => resolveAxis(axis, x.rank));
	return apply1(op, [x], {
		axes: [...new Set(resolved)].sort((a, b) => a - b),
		keepDims: options.keepDims ?? true,
	});
}

/** Sum over axes (negative ones count from the end). */
export const sum = (x: Value, axes: number | readonly number[], options?: ReduceOptions): Value =>
	reduce(sumOp, x, axes, options);
/** Mean over axes. */
export const mean = (x: Value, axes: number | readonly number[], options?: ReduceOptions): Value =>
	reduce(meanOp, x, axes, options);
/** Largest element over axes. */
export const max = (x: Value, axes: number | readonly number[], options?: ReduceOptions): Value =>
	reduce(maxOp, x, axes, options);

export const ops = [sumOp, meanOp, maxOp] as const;
