import { allocate, type DType, forEachIndex, sizeOf, stridesOf, Tensor } from "../../tensor/index.js";
import { type Dim, formatShape } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";

type None = Record<never, never>;

/** Rows of a host tensor chosen by index, with the bounds checked. */
function row(index: number, extent: number): number {
	const at = index < 0 ? index + extent : index;
	if (at < 0 || at >= extent) throw new RangeError(`index ${index} is outside an axis of ${extent}`);
	return at;
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
	host: (inputs, _, [type]) => {
		const [table, indices] = inputs as [Tensor, Tensor];
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const width = sizeOf(table.shape.slice(1));
		const out = allocate(dtype, sizeOf(shape)) as Float32Array;
		for (let i = 0; i < indices.size; i++) {
			const from = row(Number(indices.data[i]), table.shape[0] as number) * width;
			out.set(table.data.subarray(from, from + width) as Float32Array, i * width);
		}
		return [new Tensor(dtype, shape, out as never)];
	},
	lower: (emit, _, inputs, outputs) => emit.node("Gather", inputs, outputs, { axis: 0 }),
	vjp: (g, [ct], node) => {
		const [table, indices] = node.inputs as [Value, Value];
		return [g.scatterAddRows(indices, ct as Value, table.shape as readonly number[]), undefined];
	},
	examples: [
		{
			inputs: [
				[4, 3],
				Tensor.from(
					[
						[0, 2],
						[2, 3],
					],
					"int32",
				),
			],
			attributes: {},
			wrt: [0],
		},
		{ inputs: [[4, 3], Tensor.zeros([0], "int32")], attributes: {}, wrt: [0] },
	],
});

const scatterAddRowsOp = defineOp<{ shape: readonly number[] }>({
	name: "scatter-add-rows",
	doc: "A table of zeros with rows added at indices; equal indices add up (the transpose of gather).",
	infer: ([i, u], { shape }) => {
		const [indices, updates] = [i as TensorType, u as TensorType];
		checkIndices(indices);
		const expected = [...indices.shape, ...shape.slice(1)];
		if (formatShape(updates.shape) !== formatShape(expected)) {
			throw new TypeError(`rows must be ${formatShape(expected)}, got ${formatShape(updates.shape)}`);
		}
		return [{ dtype: updates.dtype, shape }];
	},
	host: (inputs, { shape }, [type]) => {
		const [indices, updates] = inputs as [Tensor, Tensor];
		const width = sizeOf(shape.slice(1));
		const { dtype } = type as { dtype: DType };
		const out = allocate(dtype, sizeOf(shape)) as Float64Array;
		for (let i = 0; i < indices.size; i++) {
			const to = row(Number(indices.data[i]), shape[0] as number) * width;
			for (let k = 0; k < width; k++)
				out[to + k] = (out[to + k] as number) + Number(updates.data[i * width + k]);
		}
		return [new Tensor(dtype, shape, out as never)];
	},
	lower: (emit, node, [indices, updates], outputs) => {
		const { shape } = node.attributes;
		const [at, wide, zeros] = [emit.temp(), emit.temp(), emit.temp()];
		emit.node("Cast", [indices as string], [wide], { to: { type: "int64" } });
		emit.node("Unsqueeze", [wide, emit.ints([-1])], [at]);
		emit.node("Expand", [emit.constant(Tensor.scalar(0)), emit.ints(shape)], [zeros]);
		emit.node("ScatterND", [zeros, at, updates as string], outputs, { reduction: "add" });
	},
	vjp: (g, [ct], node) => [undefined, g.gather(ct as Value, node.inputs[0] as Value)],
	examples: [
		{
			inputs: [
				Tensor.from(
					[
						[0, 2],
						[2, 3],
					],
					"int32",
				),
				[2, 2, 3],
			],
			attributes: { shape: [4, 3] },
			wrt: [1],
		},
	],
});

const takeAlongOp = defineOp<{ axis: number }>({
	name: "take-along",
	doc: "output[.., i, ..] = x[.., indices[.., i, ..], ..] along one axis; other axes are matched.",
	infer: ([x, i], { axis }) => {
		const [from, indices] = [x as TensorType, i as TensorType];
		checkIndices(indices);
		if (
			from.shape.length !== indices.shape.length ||
			from.shape.some((d, k) => k !== axis && d !== indices.shape[k])
		) {
			throw new TypeError(`indices must have the operand's shape in every axis but ${axis}`);
		}
		return [{ dtype: from.dtype, shape: indices.shape }];
	},
	host: (inputs, { axis }, [type]) => {
		const [x, indices] = inputs as [Tensor, Tensor];
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const strides = stridesOf(x.shape);
		const out = allocate(dtype, sizeOf(shape));
		forEachIndex(shape, (index, flat) => {
			const chosen = row(Number(indices.data[flat]), x.shape[axis] as number);
			const at = index.reduce((sum, i, k) => sum + (k === axis ? chosen : i) * (strides[k] as number), 0);
			out[flat] = x.data[at] as never;
		});
		return [new Tensor(dtype, shape, out)];
	},
	lower: (emit, node, inputs, outputs) =>
		emit.node("GatherElements", inputs, outputs, { axis: node.attributes.axis }),
	vjp: (g, [ct], node) => {
		const [x, indices] = node.inputs as [Value, Value];
		return [g.scatterAddAlong(indices, ct as Value, node.attributes.axis, x.shape), undefined];
	},
	examples: [
		{ inputs: [[2, 4], Tensor.from([[0], [3]], "int32")], attributes: { axis: 1 }, wrt: [0] },
		{
			inputs: [
				[3, 2],
				Tensor.from(
					[
						[0, 2],
						[0, 2],
					],
					"int32",
				),
			],
			attributes: { axis: 0 },
			wrt: [0],
		},
	],
});

const scatterAddAlongOp = defineOp<{ axis: number; shape: readonly Dim[] }>({
	name: "scatter-add-along",
	doc: "Zeros with values added at indices along one axis (the transpose of take-along).",
	infer: ([i, u], { shape }) => {
		const [indices, updates] = [i as TensorType, u as TensorType];
		checkIndices(indices);
		if (formatShape(indices.shape) !== formatShape(updates.shape))
			throw new TypeError("values and indices must have one shape");
		return [{ dtype: updates.dtype, shape }];
	},
	host: (inputs, { axis }, [type]) => {
		const [indices, updates] = inputs as [Tensor, Tensor];
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const strides = stridesOf(shape);
		const out = allocate(dtype, sizeOf(shape)) as Float64Array;
		forEachIndex(indices.shape, (index, flat) => {
			const chosen = row(Number(indices.data[flat]), shape[axis] as number);
			const at = index.reduce((sum, i, k) => sum + (k === axis ? chosen : i) * (strides[k] as number), 0);
			out[at] = (out[at] as number) + Number(updates.data[flat]);
		});
		return [new Tensor(dtype, shape, out as never)];
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
			wrt: [1],
		},
	],
});

/** Rows of a table: [n, ..rest] by int32 indices [..at] gives [..at, ..rest]. */
export const gather = (table: Value, indices: Value): Value => apply1(gatherOp, [table, indices], {});
/** Zeros of `shape` with `rows` added at `indices` of the first axis. */
export const scatterAddRows = (indices: Value, rows: Value, shape: readonly number[]): Value =>
	apply1(scatterAddRowsOp, [indices, rows], { shape });
/** One element per index along an axis, as NumPy's take_along_axis. */
export const takeAlong = (x: Value, indices: Value, axis: number): Value =>
	apply1(takeAlongOp, [x, indices], { axis: axis < 0 ? axis + x.rank : axis });
/** Zeros of `shape` with values added at indices along an axis. */
export const scatterAddAlong = (indices: Value, values: Value, axis: number, shape: readonly Dim[]): Value =>
	apply1(scatterAddAlongOp, [indices, values], { axis, shape });

export const ops = [gatherOp, scatterAddRowsOp, takeAlongOp, scatterAddAlongOp] as const;
