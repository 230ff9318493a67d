import { forEachIndex, sizeOf, stridesOf, Tensor } from "../../tensor/index.js";
import { type Dim, formatShape, sizeOfDims } from "../dim.js";
import { defineOp, type Emitter } from "../op.js";
import { apply1, type Node, type TensorType, type Value } from "../value.js";
import { checkAxis, resolveAxis } from "./axis.js";
import { filled } from "./host.js";
import { float32, int32 } from "./types.js";
import { refuseBoolOnWebGpu } from "./webgpu.js";

type None = Record<never, never>;

/** Rows of a host tensor chosen by index, with the bounds checked. */
function row(index: number, extent: number): number {
	const at = index < 0 ? index + extent : index;
	if (at < 0 || at >= extent) throw new RangeError(`index ${index} is outside an axis of ${extent}`);
	return at;
}

/** The flat position of `index` in `shape`, with the place along `axis` replaced by `place`. */
function chosen(shape: readonly number[], axis: number, index: readonly number[], place: number): number {
	const at = row(place, shape[axis] as number);
	const strides = stridesOf(shape);
	return index.reduce((sum, i, k) => sum + (k === axis ? at : i) * (strides[k] as number), 0);
}

function checkFloat(values: TensorType): void {
	if (values.dtype !== "float32") throw new TypeError(`values to add must be float32, got ${values.dtype}`);
}

function checkIndices(type: TensorType): void {
	if (type.dtype !== "int32") throw new TypeError(`indices must be int32, got ${type.dtype}`);
}

const gatherOp = defineOp<None>({
	name: "gather",
	doc: "Rows of a table: output[i.., :] = table[indices[i..], :].",
	infer: ([t, i]) => {
		const [table, indices] = [t as TensorType, i as TensorType];
		checkIndices(indices);
		if (table.shape.length < 1) throw new TypeError("the table must have rank >= 1");
		return [{ dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] }];
	},
	host: (inputs, _, types) => {
		const [table, indices] = inputs as readonly [Tensor, Tensor];
		const width = sizeOf(table.shape.slice(1));
		return filled(types, (out) => {
			for (let i = 0; i < indices.size; i++) {
				const from = row(Number(indices.data[i]), table.shape[0] as number) * width;
				out.set(table.data.subarray(from, from + width) as Float64Array, i * width);
			}
		});
	},
	lower: (emit, node, inputs, outputs) => {
		refuseBoolOnWebGpu(emit, node);
		emit.node("Gather", inputs, outputs, { axis: 0 });
	},
	vjp: (g, [ct], node) => {
		const [table, indices] = node.inputs as readonly [Value, Value];
		if (table.dtype !== "float32") return [undefined, undefined];
		return [g.scatterAddRows(indices, ct as Value, table.shape), undefined];
	},
	examples: [
		{ inputs: [[4, 3], int32(["batch", "pos"])], attributes: {} },
		{ inputs: [[4], Tensor.from([0, -1], "int32")], attributes: {} },
		{ inputs: [["pos", 3], Tensor.from([[2, 2, 0]], "int32")], attributes: {} },
		{ inputs: [int32([4, 2]), int32([3])], attributes: {} },
	],
	refuses: [
		{ inputs: [float32(4, 3), float32(2)], attributes: {} },
		{ inputs: [float32(), int32([2])], attributes: {} },
	],
});

const scatterAddRowsOp = defineOp<{ shape: readonly Dim[] }>({
	name: "scatter-add-rows",
	doc: "A table of zeros with rows added at indices; equal indices add up (the transpose of gather).",
	infer: ([i, u], { shape }) => {
		const [indices, updates] = [i as TensorType, u as TensorType];
		checkIndices(indices);
		const expected = [...indices.shape, ...shape.slice(1)];
		if (formatShape(updates.shape) !== formatShape(expected)) {
			throw new TypeError(`rows must be ${formatShape(expected)}, got ${formatShape(updates.shape)}`);
		}
		checkFloat(updates);
		return [{ dtype: updates.dtype, shape }];
	},
	host: (inputs, _, types) => {
		const [indices, updates] = inputs as readonly [Tensor, Tensor];
		return filled(types, (out, shape) => {
			const width = sizeOf(shape.slice(1));
			for (let i = 0; i < indices.size; i++) {
				const to = row(Number(indices.data[i]), shape[0] as number) * width;
				for (let k = 0; k < width; k++) {
					out[to + k] = (out[to + k] as number) + Number(updates.data[i * width + k]);
				}
			}
		});
	},
	lower: (emit, node, [indices, updates], outputs) => {
		const { shape } = node.attributes;
		if (emit.provider === "webgpu")
			return scatterElements(emit, node, indices as string, updates as string, outputs);
		const [at, wide, zeros] = [emit.temp(), emit.temp(), emit.temp()];
		emit.node("Cast", [indices as string], [wide], { to: { type: "int64" } });
		emit.node("Unsqueeze", [wide, emit.ints([-1])], [at]);
		emit.node("Expand", [emit.constant(Tensor.scalar(0)), emit.shape(shape)], [zeros]);
		emit.node("ScatterND", [zeros, at, updates as string], outputs, { reduction: "add" });
	},
	vjp: (g, [ct], node) => [undefined, g.gather(ct as Value, node.inputs[0] as Value)],
	examples: [
		{ inputs: [int32(["batch", "pos"]), ["batch", "pos", 3]], attributes: { shape: [4, 3] } },
		{ inputs: [Tensor.from([2, 0, 2, 2], "int32"), [4]], attributes: { shape: [3] } },
		{ inputs: [Tensor.from([2, 1], "int32"), [2, "batch"]], attributes: { shape: [3, "batch"] } },
	],
	refuses: [
		{ inputs: [int32([2]), float32(2, 3)], attributes: { shape: [4, 2] } },
		{ inputs: [float32(2), float32(2, 3)], attributes: { shape: [4, 3] } },
		{ inputs: [int32([2]), int32([2, 3])], attributes: { shape: [4, 3] } },
	],
});

/** Rows added element by element, where the runtime has no int64 that ScatterND wants for its indices. */
function scatterElements(
	emit: Emitter,
	node: Node<{ shape: readonly Dim[] }>,
	indices: string,
	rows: string,
	outputs: readonly string[],
): void {
	const { shape } = node.attributes;
	const count = sizeOfDims((node.inputs[0] as Value).shape);
	const width = sizeOfDims(shape.slice(1));
	const at = (type: string, operands: readonly string[], options = {}): string => {
		const name = emit.temp();
		emit.node(type, operands, [name], options);
		return name;
	};
	const zeros = at("Expand", [emit.constant(Tensor.scalar(0)), emit.shape([shape[0] as Dim, width])]);
	const column = at("Reshape", [indices, emit.shape([count, 1])]);
	const places = at("Expand", [column, emit.shape([count, width])]);
	const flat = at("Reshape", [rows, emit.shape([count, width])]);
	const sums = at("ScatterElements", [zeros, places, flat], { axis: 0, reduction: "add" });
	emit.node("Reshape", [sums, emit.shape(shape)], outputs);
}

const takeAlongOp = defineOp<{ axis: number }>({
	name: "take-along",
	doc: "output[.., i, ..] = x[.., indices[.., i, ..], ..] along one axis; other axes are matched.",
	infer: ([x, i], { axis }) => {
		const [from, indices] = [x as TensorType, i as TensorType];
		checkIndices(indices);
		checkAxis(axis, from.shape);
		if (
			from.shape.length !== indices.shape.length ||
			from.shape.some((d, k) => k !== axis && d !== indices.shape[k])
		) {
			throw new TypeError(`indices must have the operand's shape in every axis but ${axis}`);
		}
		return [{ dtype: from.dtype, shape: indices.shape }];
	},
	host: (inputs, { axis }, types) => {
		const [x, indices] = inputs as readonly [Tensor, Tensor];
		return filled(types, (out) =>
			forEachIndex(indices.shape, (index, flat) => {
				out[flat] = Number(x.data[chosen(x.shape, axis, index, Number(indices.data[flat]))]);
			}),
		);
	},
	lower: (emit, node, inputs, outputs) => {
		const dtype = node.inputs[0]?.dtype;
		if (emit.provider === "webgpu" && dtype !== "float32")
			throw new TypeError(`there is no kernel for ${dtype}`);
		emit.node("GatherElements", inputs, outputs, { axis: node.attributes.axis });
	},
	vjp: (g, [ct], node) => {
		const [x, indices] = node.inputs as readonly [Value, Value];
		if (x.dtype !== "float32") return [undefined, undefined];
		return [g.scatterAddAlong(indices, ct as Value, node.attributes.axis, x.shape), undefined];
	},
	examples: [
		{ inputs: [["batch", 4], int32(["batch", 1])], attributes: { axis: 1 } },
		{ inputs: [["pos", "batch"], int32([1, "batch"], 1)], attributes: { axis: 0 } },
		{
			inputs: [
				[3, 2],
				Tensor.from(
					[
						[0, 2],
						[0, -1],
					],
					"int32",
				),
			],
			attributes: { axis: 0 },
		},
		{ inputs: [int32([3]), int32([2], 3)], attributes: { axis: 0 } },
	],
	refuses: [
		{ inputs: [float32(2, 4), int32([3, 1])], attributes: { axis: 1 } },
		{ inputs: [float32(2, 4), int32([2])], attributes: { axis: 1 } },
		{ inputs: [float32(4), int32([2])], attributes: { axis: 1 } },
		{ inputs: [float32(4), float32(2)], attributes: { axis: 0 } },
	],
});

const scatterAddAlongOp = defineOp<{ axis: number; shape: readonly Dim[] }>({
	name: "scatter-add-along",
	doc: "Zeros with values added at indices along one axis (the transpose of take-along).",
	infer: ([i, u], { axis, shape }) => {
		const [indices, updates] = [i as TensorType, u as TensorType];
		checkIndices(indices);
		checkFloat(updates);
		checkAxis(axis, shape);
		if (formatShape(indices.shape) !== formatShape(updates.shape)) {
			throw new TypeError("values and indices must have one shape");
		}
		if (indices.shape.length !== shape.length || shape.some((d, k) => k !== axis && d !== indices.shape[k])) {
			throw new TypeError(`indices must have the shape ${formatShape(shape)} in every axis but ${axis}`);
		}
		return [{ dtype: updates.dtype, shape }];
	},
	host: (inputs, { axis }, types) => {
		const [indices, updates] = inputs as readonly [Tensor, Tensor];
		return filled(types, (out, shape) =>
			forEachIndex(indices.shape, (index, flat) => {
				const at = chosen(shape, axis, index, Number(indices.data[flat]));
				out[at] = (out[at] as number) + Number(updates.data[flat]);
			}),
		);
	},
	lower: (emit, node, [indices, updates], outputs) => {
		const { axis, shape } = node.attributes;
		const zeros = emit.temp();
		emit.node("Expand", [emit.constant(Tensor.scalar(0)), emit.shape(shape)], [zeros]);
		emit.node("ScatterElements", [zeros, indices as string, updates as string], outputs, {
			axis,
			reduction: "add",
		});
	},
	vjp: (g, [ct], node) => [
		undefined,
		g.takeAlong(ct as Value, node.inputs[0] as Value, node.attributes.axis),
	],
	examples: [
		{ inputs: [int32(["batch", 2]), ["batch", 2]], attributes: { axis: 1, shape: ["batch", 4] } },
		{
			inputs: [
				Tensor.from(
					[
						[0, 0],
						[3, 1],
					],
					"int32",
				),
				[2, 2],
			],
			attributes: { axis: 1, shape: [2, 4] },
		},
	],
	refuses: [
		{ inputs: [int32([2, 1]), float32(2, 2)], attributes: { axis: 1, shape: [2, 4] } },
		{ inputs: [int32([3, 1]), float32(3, 1)], attributes: { axis: 1, shape: [2, 4] } },
		{ inputs: [int32([2]), int32([2])], attributes: { axis: 0, shape: [4] } },
	],
});

/** Rows of a table: [n, ..rest] by int32 indices [..at] gives [..at, ..rest]. */
export const gather = (table: Value, indices: Value): Value => apply1(gatherOp, [table, indices], {});
/** Zeros of `shape` with `rows` added at `indices` of the first axis. */
export const scatterAddRows = (indices: Value, rows: Value, shape: readonly Dim[]): Value =>
	apply1(scatterAddRowsOp, [indices, rows], { shape });
/** One element per index along an axis, as NumPy's take_along_axis. */
export const takeAlong = (x: Value, indices: Value, axis: number): Value =>
	apply1(takeAlongOp, [x, indices], { axis: resolveAxis(axis, x.rank) });
/** Zeros of `shape` with values added at indices along an axis. */
export const scatterAddAlong = (indices: Value, values: Value, axis: number, shape: readonly Dim[]): Value =>
	apply1(scatterAddAlongOp, [indices, values], { axis: resolveAxis(axis, shape.length), shape });

export const ops = [gatherOp, scatterAddRowsOp, takeAlongOp, scatterAddAlongOp] as const;
