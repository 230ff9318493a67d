import { allocate, type DType, sizeOf, Tensor } from "../../tensor/index.js";
import { addDims, type Dim, formatShape, mulDims, sizeOfDims } from "../dim.js";
import { defineOp } from "../op.js";
import { apply, apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";

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
	examples: [
		{ inputs: [[2, 6]], attributes: { shape: [2, 3, 2] } },
		{ inputs: [[2, 3]], attributes: { shape: [6] } },
		{ inputs: [[0, 4]], attributes: { shape: [2, 0, 2] } },
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
	lower: (emit, node, inputs, outputs) =>
		emit.node("Transpose", inputs, outputs, { perm: node.attributes.order }),
	vjp: (g, [ct], node) => {
		const { order } = node.attributes;
		return [
			g.transpose(
				ct as Value,
				order.map((_, axis) => order.indexOf(axis)),
			),
		];
	},
	examples: [
		{ inputs: [[2, 3, 4]], attributes: { order: [2, 0, 1] } },
		{ inputs: [[0, 3]], attributes: { order: [1, 0] } },
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
	host: ([x], _, [type]) => {
		const input = x as Tensor;
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const out = allocate(dtype, sizeOf(shape));
		forEachBroadcast([input.shape], shape, ([i], flat) => {
			out[flat] = input.data[i as number] as never;
		});
		return [new Tensor(dtype, shape, out)];
	},
	lower: (emit, node, [x], outputs) =>
		emit.node("Expand", [x as string, emit.shape(node.attributes.shape)], outputs),
	vjp: (g, [ct], node) => [unbroadcast(g, ct as Value, node.inputs[0] as Value)],
	examples: [
		{ inputs: [[3, 1]], attributes: { shape: [2, 3, 4] } },
		{ inputs: [[]], attributes: { shape: [2, 2] } },
		{ inputs: [[1, 3]], attributes: { shape: [0, 3] } },
	],
});

const concatOp = defineOp<{ axis: number }>({
	name: "concat",
	doc: "Joins along an axis.",
	infer: (inputs, { axis }) => {
		const [first] = inputs as readonly [TensorType];
		let extent: Dim = 0;
		for (const x of inputs) {
			if (
				x.dtype !== first.dtype ||
				x.shape.length !== first.shape.length ||
				x.shape.some((d, i) => i !== axis && d !== first.shape[i])
			) {
				throw new TypeError(`operands must agree in dtype and in every axis but ${axis}`);
			}
			extent = addDims(extent, x.shape[axis] as Dim);
		}
		return [{ dtype: first.dtype, shape: first.shape.with(axis, extent) }];
	},
	host: (inputs, { axis }, [type]) => {
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const out = allocate(dtype, sizeOf(shape)) as Float32Array;
		const row = sizeOf(shape.slice(axis));
		let at = 0;
		for (const x of inputs) {
			const width = sizeOf(x.shape.slice(axis));
			for (let o = 0; o * row < out.length; o++)
				out.set(x.data.subarray(o * width, (o + 1) * width) as Float32Array, o * row + at);
			at += width;
		}
		return [new Tensor(dtype, shape, out as never)];
	},
	lower: (emit, node, inputs, outputs) =>
		emit.node("Concat", inputs, outputs, { axis: node.attributes.axis }),
	vjp: (g, [ct], node) => {
		const { axis } = node.attributes;
		return g.split(
			ct as Value,
			axis,
			node.inputs.map((x) => x.dim(axis) as number),
		);
	},
	examples: [
		{
			inputs: [
				[2, 3],
				[2, 1],
			],
			attributes: { axis: 1 },
		},
		{
			inputs: [
				[1, 3],
				[0, 3],
				[2, 3],
			],
			attributes: { axis: 0 },
		},
	],
});

const splitOp = defineOp<{ axis: number; sizes: readonly number[] }>({
	name: "split",
	doc: "Cuts along an axis into parts of stated sizes.",
	infer: ([x], { axis, sizes }) => {
		const { dtype, shape } = x as TensorType;
		const total = sizes.reduce((a, b) => a + b, 0);
		if (shape[axis] !== total)
			throw new RangeError(`sizes [${sizes.join(", ")}] do not add up to axis ${axis}`);
		return sizes.map((size) => ({ dtype, shape: shape.with(axis, size) }));
	},
	host: ([x], { axis, sizes }) => {
		let at = 0;
		return sizes.map((size) => {
			at += size;
			return (x as Tensor).slice(axis, at - size, at);
		});
	},
	lower: (emit, node, [x], outputs) => {
		const { axis, sizes } = node.attributes;
		emit.node("Split", [x as string, emit.ints(sizes)], outputs, { axis });
	},
	vjp: (g, cotangents, node) => {
		const parts = cotangents.map((ct, i) => ct ?? g.expand(g.constant(0), (node.outputs[i] as Value).shape));
		return [g.concat(parts, node.attributes.axis)];
	},
	examples: [
		{ inputs: [[2, 6]], attributes: { axis: 1, sizes: [1, 2, 3] } },
		{ inputs: [[4, 0]], attributes: { axis: 0, sizes: [2, 2] } },
	],
});

/** `end` undefined means to the end; `start` and `end` may count from the end. */
const sliceOp = defineOp<{ axis: number; start: number; end: number | undefined }>({
	name: "slice",
	doc: "A range of indices along an axis.",
	infer: ([x], { axis, start, end }) => {
		const { dtype, shape } = x as TensorType;
		return [{ dtype, shape: shape.with(axis, slicedExtent(shape[axis] as Dim, start, end)) }];
	},
	host: ([x], { axis, start, end }) => [(x as Tensor).slice(axis, start, end)],
	lower: (emit, node, [x], outputs) => {
		const { axis, start, end } = node.attributes;
		emit.node(
			"Slice",
			[x as string, emit.ints([start]), emit.ints([end ?? 2 ** 31 - 1]), emit.ints([axis])],
			outputs,
		);
	},
	vjp: (g, [ct], node) => {
		const x = node.inputs[0] as Value;
		const { axis, start, end } = node.attributes;
		const extent = x.dim(axis);
		if (typeof extent === "string")
			throw new TypeError(`the gradient of slice needs a concrete axis ${axis}, got ${x}`);
		const from = start < 0 ? start + extent : start;
		const to = end === undefined ? extent : end < 0 ? end + extent : end;
		const pad = (size: number): Value[] =>
			size > 0 ? [g.expand(g.constant(0), x.shape.with(axis, size))] : [];
		return [g.concat([...pad(from), ct as Value, ...pad(extent - to)], axis)];
	},
	examples: [
		{ inputs: [[2, 6]], attributes: { axis: 1, start: 1, end: 4 } },
		{ inputs: [[5, 2]], attributes: { axis: 0, start: -3, end: undefined } },
		{ inputs: [[5]], attributes: { axis: 0, start: 0, end: -1 } },
		{ inputs: [[5]], attributes: { axis: 0, start: 2, end: 2 } },
	],
});

function slicedExtent(extent: Dim, start: number, end: number | undefined): Dim {
	if (typeof extent === "number") {
		const from = start < 0 ? start + extent : start;
		const to = end === undefined ? extent : end < 0 ? end + extent : end;
		if (from < 0 || to > extent || from > to)
			throw new RangeError(`range ${start}..${end ?? ""} is outside an axis of ${extent}`);
		return to - from;
	}
	if (end !== undefined && end >= 0 === start >= 0) return end - start;
	if (end === undefined && start < 0) return -start;
	return addDims(extent, (end ?? 0) - start);
}

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

/** Joins along an axis (negative counts from the end). */
export function concat(values: readonly Value[], axis: number): Value {
	const [first] = values;
	if (!first) throw new RangeError("concat: nothing to join");
	return values.length === 1
		? first
		: apply1(concatOp, values, { axis: axis < 0 ? axis + first.rank : axis });
}

/** Cuts along an axis into parts of the given sizes. */
export function split(x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
	return apply(splitOp, [x], { axis: axis < 0 ? axis + x.rank : axis, sizes });
}

/** Indices `start` to `end` (exclusive, default the end) along an axis. */
export function slice(x: Value, axis: number, start: number, end?: number): Value {
	return apply1(sliceOp, [x], { axis: axis < 0 ? axis + x.rank : axis, start, end });
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

export const ops = [reshapeOp, transposeOp, expandOp, concatOp, splitOp, sliceOp] as const;
