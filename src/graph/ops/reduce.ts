import { allocate, type DType, forEachIndex, Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastStrides } from "./broadcast.js";

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
}

function defineReduce({
	name,
	doc,
	onnx,
	initial,
	accumulate,
	finish,
	vjp,
}: ReduceRecord): Op<ReduceAttributes> {
	return defineOp<ReduceAttributes>({
		name,
		doc,
		infer: ([x], { axes, keepDims }) => {
			const { dtype, shape } = x as TensorType;
			if (dtype === "bool") throw new TypeError("the operand must be numeric, got bool");
			return [{ dtype, shape: reducedShape(shape, axes, keepDims) }];
		},
		host: ([x], { axes }, [type]) => {
			const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
			const input = x as Tensor;
			const kept = reducedShape(input.shape, axes, true) as number[];
			const sums = new Float64Array(kept.reduce((a, b) => a * b, 1)).fill(initial);
			const strides = broadcastStrides(kept, input.shape);
			forEachIndex(input.shape, (index, flat) => {
				const at = index.reduce((sum, i, axis) => sum + i * (strides[axis] as number), 0);
				sums[at] = accumulate(sums[at] as number, Number(input.data[flat]));
			});
			const count = input.size / sums.length;
			const out = allocate(dtype, sums.length) as Float64Array;
			for (const [i, s] of sums.entries()) out[i] = finish ? finish(s, count) : s;
			return [new Tensor(dtype, shape, out as never)];
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
			const count = (): number =>
				node.attributes.axes.reduce((n, axis) => {
					const extent = x.dim(axis);
					if (typeof extent === "string")
						throw new TypeError(`the gradient of ${name} needs a concrete axis ${axis}, got ${x}`);
					return n * extent;
				}, 1);
			const y = g.reshape(node.outputs[0] as Value, kept);
			return [vjp(g, g.expand(g.reshape(ct as Value, kept), x.shape), x, y, count)];
		},
		examples: [
			{ inputs: [[2, 3, 4]], attributes: { axes: [1], keepDims: false } },
			{ inputs: [[2, 3, 4]], attributes: { axes: [0, 2], keepDims: true } },
			{ inputs: [[2, 3]], attributes: { axes: [0, 1], keepDims: false } },
			...(name === "sum" ? [{ inputs: [[0, 3]], attributes: { axes: [0], keepDims: false } }] : []),
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
});

const meanOp = defineReduce({
	name: "mean",
	doc: "Mean over axes.",
	onnx: "ReduceMean",
	initial: 0,
	accumulate: (s, x) => s + x,
	finish: (s, n) => s / n,
	vjp: (g, ct, _x, _y, count) => g.div(ct, count()),
});

const maxOp = defineReduce({
	name: "max",
	doc: "Largest element over axes; the gradient goes to every element that equals it.",
	onnx: "ReduceMax",
	initial: Number.NEGATIVE_INFINITY,
	accumulate: Math.max,
	vjp: (g, ct, x, y) => g.mul(ct, g.cast(g.equal(x, y), "float32")),
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
	const resolved = list.map((axis) => {
		const at = axis < 0 ? axis + x.rank : axis;
		if (!Number.isInteger(at) || at < 0 || at >= x.rank)
			throw new RangeError(`${op.name}: no axis ${axis} in ${x}`);
		return at;
	});
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
