import { sizeOf, type Tensor } from "../../tensor/index.js";
import { addDims, type Dim, mulDims } from "../dim.js";
import { defineOp } from "../op.js";
import { apply, apply1, type TensorType, type Value } from "../value.js";
import { checkAxis, resolveAxis } from "./axis.js";
import { filled } from "./host.js";
import { bool, float32, int32 } from "./types.js";
import { refuseBoolOnWebGpu } from "./webgpu.js";

const concatOp = defineOp<{ axis: number }>({
	name: "concat",
	doc: "Joins along an axis.",
	infer: (inputs, { axis }) => {
		const [first] = inputs as readonly [TensorType];
		checkAxis(axis, first.shape);
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
	host: (inputs, { axis }, types) =>
		filled(types, (out, shape) => {
			const row = sizeOf(shape.slice(axis));
			let at = 0;
			for (const x of inputs) {
				const width = sizeOf(x.shape.slice(axis));
				for (let start = 0, from = 0; start < out.length; start += row, from += width) {
					out.set(x.data.subarray(from, from + width) as Float64Array, start + at);
				}
				at += width;
			}
		}),
	lower: (emit, node, inputs, outputs) => {
		refuseBoolOnWebGpu(emit, node);
		emit.node("Concat", inputs, outputs, { axis: node.attributes.axis });
	},
	vjp: (g, [ct], node) => {
		const { axis } = node.attributes;
		const sizes = node.inputs.map((x) => concreteExtent("concat", x, axis));
		return g.split(ct as Value, axis, sizes);
	},
	shortcut: (_, inputs) => (inputs.length === 1 ? inputs : undefined),
	examples: [
		{
			inputs: [
				["batch", 3],
				["batch", 1],
			],
			attributes: { axis: 1 },
		},
		{
			inputs: [
				["batch", 2],
				["pos", 2],
				[1, 2],
			],
			attributes: { axis: 0 },
		},
		{
			inputs: [
				[2, 1],
				[2, 0],
				[2, 3],
			],
			attributes: { axis: 1 },
		},
		{ inputs: [int32([2]), int32([3])], attributes: { axis: 0 } },
	],
	refuses: [
		{ inputs: [float32(2, 3), float32(3, 3)], attributes: { axis: 1 } },
		{ inputs: [float32(2), int32([2])], attributes: { axis: 0 } },
		{ inputs: [float32(2), float32(2)], attributes: { axis: 1 } },
	],
});

const splitOp = defineOp<{ axis: number; sizes: readonly number[] }>({
	name: "split",
	doc: "Cuts along an axis into parts of stated sizes.",
	infer: ([x], { axis, sizes }) => {
		const { dtype, shape } = x as TensorType;
		checkAxis(axis, shape);
		const total = sizes.reduce((a, b) => a + b, 0);
		if (shape[axis] !== total || sizes.some((size) => !Number.isInteger(size) || size < 0)) {
			throw new RangeError(`sizes [${sizes.join(", ")}] do not add up to axis ${axis}`);
		}
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
		refuseBoolOnWebGpu(emit, node);
		const { axis, sizes } = node.attributes;
		emit.node("Split", [x as string, emit.ints(sizes)], outputs, { axis });
	},
	vjp: (g, cotangents, node) => {
		const parts = cotangents.map((ct, i) => ct ?? g.expand(g.constant(0), (node.outputs[i] as Value).shape));
		return [g.concat(parts, node.attributes.axis)];
	},
	shortcut: (_, inputs, { sizes }) => (sizes.length === 1 ? inputs : undefined),
	examples: [
		{ inputs: [["batch", 6]], attributes: { axis: 1, sizes: [1, 2, 3] } },
		{ inputs: [["batch", 3, "pos"]], attributes: { axis: 1, sizes: [3, 0] } },
		{ inputs: [[4, 0]], attributes: { axis: 0, sizes: [2, 2] } },
	],
	refuses: [
		{ inputs: [float32(6)], attributes: { axis: 0, sizes: [2, 3] } },
		{ inputs: [float32("pos")], attributes: { axis: 0, sizes: [2, 3] } },
	],
});

/** `end` undefined means to the end; `start` and `end` may count from the end. */
const sliceOp = defineOp<{ axis: number; start: number; end: number | undefined }>({
	name: "slice",
	doc: "A range of indices along an axis.",
	infer: ([x], { axis, start, end }) => {
		const { dtype, shape } = x as TensorType;
		checkAxis(axis, shape);
		return [{ dtype, shape: shape.with(axis, slicedExtent(shape[axis] as Dim, start, end)) }];
	},
	host: ([x], { axis, start, end }) => [(x as Tensor).slice(axis, start, end)],
	lower: (emit, node, [x], outputs) => {
		refuseBoolOnWebGpu(emit, node);
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
		const extent = concreteExtent("slice", x, axis);
		const from = start < 0 ? start + extent : start;
		const to = end === undefined ? extent : end < 0 ? end + extent : end;
		const pad = (size: number): Value[] =>
			size > 0 ? [g.expand(g.constant(0), x.shape.with(axis, size))] : [];
		return [g.concat([...pad(from), ct as Value, ...pad(extent - to)], axis)];
	},
	shortcut: (_, [x], { start, end }) => (x && start === 0 && end === undefined ? [x] : undefined),
	examples: [
		{ inputs: [["batch", 6]], attributes: { axis: 1, start: 1, end: 4 } },
		{ inputs: [["batch", "pos"]], attributes: { axis: 1, start: 1, end: undefined } },
		{ inputs: [["batch", "pos"]], attributes: { axis: 1, start: 0, end: -1 } },
		{ inputs: [["batch", "pos"]], attributes: { axis: 1, start: -2, end: undefined } },
		{ inputs: [bool("batch", "pos")], attributes: { axis: 1, start: -3, end: -1 } },
		{ inputs: [[5, 2]], attributes: { axis: 0, start: -3, end: undefined } },
		{ inputs: [[5]], attributes: { axis: 0, start: 0, end: -1 } },
		{ inputs: [[5]], attributes: { axis: 0, start: 2, end: 2 } },
	],
	refuses: [
		{ inputs: [float32(5)], attributes: { axis: 0, start: 2, end: 6 } },
		{ inputs: [float32(5)], attributes: { axis: 0, start: 3, end: 2 } },
		{ inputs: [float32("pos")], attributes: { axis: 0, start: 3, end: 2 } },
		{ inputs: [float32(5)], attributes: { axis: 1, start: 0, end: 1 } },
	],
});

function slicedExtent(extent: Dim, start: number, end: number | undefined): Dim {
	const size = addDims(endpoint(end ?? extent, extent), mulDims(-1, endpoint(start, extent)));
	const outside =
		typeof extent === "number" && (Math.max(start, end ?? 0) > extent || -Math.min(start, end ?? 0) > extent);
	if (outside || (typeof size === "number" && size < 0)) {
		throw new RangeError(`range ${start}..${end ?? ""} is not in an axis of ${extent}`);
	}
	return size;
}

/** A place along an axis, with negative ones counted from the end. */
function endpoint(place: Dim, extent: Dim): Dim {
	return typeof place === "number" && place < 0 ? addDims(extent, place) : place;
}

/** Gradients that cut or pad need extents that are known. */
function concreteExtent(op: string, x: Value, axis: number): number {
	const extent = x.dim(axis);
	if (typeof extent === "number") return extent;
	throw new TypeError(`the gradient of ${op} needs a concrete axis ${axis}, got ${x}`);
}

/** Joins along an axis (negative counts from the end). */
export function concat(values: readonly Value[], axis: number): Value {
	const [first] = values;
	if (!first) throw new RangeError("concat: nothing to join");
	if (values.length === 1) return first;
	return apply1(concatOp, values, { axis: resolveAxis(axis, first.rank) });
}

/** Cuts along an axis into parts of the given sizes. */
export function split(x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
	return apply(splitOp, [x], { axis: resolveAxis(axis, x.rank), sizes });
}

/** Indices `start` to `end` (exclusive, default the end) along an axis. */
export function slice(x: Value, axis: number, start: number, end?: number): Value {
	return apply1(sliceOp, [x], { axis: resolveAxis(axis, x.rank), start, end });
}

export const ops = [concatOp, splitOp, sliceOp] as const;
