import { allocate, Tensor } from "../../tensor/index.js";
import { defineOp, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { lift } from "./leaf.js";

type None = Record<never, never>;

interface BinaryRecord {
	name: string;
	doc: string;
	onnx: string;
	compute: (a: number, b: number) => number;
	/** Cotangents of a and b before unbroadcasting. */
	vjp: (g: Ops, ct: Value, a: Value, b: Value) => [Value, Value];
	range?: readonly [number, number];
}

function sameFloat(a: TensorType, b: TensorType): TensorType["dtype"] {
	if (a.dtype !== b.dtype || a.dtype === "bool") {
		throw new TypeError(`operands must have one numeric dtype, got ${a.dtype} and ${b.dtype}`);
	}
	return a.dtype;
}

function defineBinary({ name, doc, onnx, compute, vjp, range }: BinaryRecord): Op<None> {
	return defineOp<None>({
		name,
		doc,
		infer: ([a, b]) => {
			const [x, y] = [a as TensorType, b as TensorType];
			return [{ dtype: sameFloat(x, y), shape: broadcastShapes(x.shape, y.shape) }];
		},
		host: (inputs, _, [type]) => {
			const [a, b] = inputs as [Tensor, Tensor];
			const { dtype, shape } = type as { dtype: Tensor["dtype"]; shape: readonly number[] };
			const out = allocate(
				dtype,
				shape.reduce((m, n) => m * n, 1),
			) as Float64Array;
			forEachBroadcast([a.shape, b.shape], shape, ([i, j], flat) => {
				out[flat] = compute(Number(a.data[i as number]), Number(b.data[j as number]));
			});
			return [new Tensor(dtype, shape, out as never)];
		},
		lower: (emit, _, inputs, outputs) => emit.node(onnx, inputs, outputs),
		vjp: (g, [ct], node) => {
			const [a, b] = node.inputs as [Value, Value];
			const [da, db] = vjp(g, ct as Value, a, b);
			return [unbroadcast(g, da, a), unbroadcast(g, db, b)];
		},
		examples: [
			{
				inputs: [
					[2, 3],
					[2, 3],
				],
				attributes: {},
				...(range && { range }),
			},
			{
				inputs: [
					[2, 1, 3],
					[4, 1],
				],
				attributes: {},
				...(range && { range }),
			},
			{ inputs: [[2, 3], []], attributes: {}, ...(range && { range }) },
			{ inputs: [[0, 3], [3]], attributes: {}, ...(range && { range }) },
		],
	});
}

const addOp = defineBinary({
	name: "add",
	doc: "a + b, broadcast.",
	onnx: "Add",
	compute: (a, b) => a + b,
	vjp: (_, ct) => [ct, ct],
});

const subOp = defineBinary({
	name: "sub",
	doc: "a - b, broadcast.",
	onnx: "Sub",
	compute: (a, b) => a - b,
	vjp: (g, ct) => [ct, g.neg(ct)],
});

const mulOp = defineBinary({
	name: "mul",
	doc: "a * b, broadcast.",
	onnx: "Mul",
	compute: (a, b) => a * b,
	vjp: (g, ct, a, b) => [g.mul(ct, b), g.mul(ct, a)],
});

const divOp = defineBinary({
	name: "div",
	doc: "a / b, broadcast.",
	onnx: "Div",
	compute: (a, b) => a / b,
	// d(a/b) = da / b - a db / b^2
	vjp: (g, ct, a, b) => {
		const da = g.div(ct, b);
		return [da, g.neg(g.mul(da, g.div(a, b)))];
	},
	range: [0.5, 2],
});

const maximumOp = defineBinary({
	name: "maximum",
	doc: "The larger of a and b, broadcast. At ties the gradient goes to a.",
	onnx: "Max",
	compute: Math.max,
	vjp: (g, ct, a, b) => {
		const fromA = g.cast(g.greaterEqual(a, b), "float32");
		return [g.mul(ct, fromA), g.mul(ct, g.sub(1, fromA))];
	},
});

const minimumOp = defineBinary({
	name: "minimum",
	doc: "The smaller of a and b, broadcast. At ties the gradient goes to a.",
	onnx: "Min",
	compute: Math.min,
	vjp: (g, ct, a, b) => {
		const fromA = g.cast(g.lessEqual(a, b), "float32");
		return [g.mul(ct, fromA), g.mul(ct, g.sub(1, fromA))];
	},
});

type Operand = Value | number;
const binary = (op: Op<None>, a: Operand, b: Operand): Value => apply1(op, [lift(a), lift(b)], {});

/** a + b, broadcast. */
export const add = (a: Operand, b: Operand): Value => binary(addOp, a, b);
/** a - b, broadcast. */
export const sub = (a: Operand, b: Operand): Value => binary(subOp, a, b);
/** a * b, broadcast. */
export const mul = (a: Operand, b: Operand): Value => binary(mulOp, a, b);
/** a / b, broadcast. */
export const div = (a: Operand, b: Operand): Value => binary(divOp, a, b);
/** The larger of a and b, broadcast. */
export const maximum = (a: Operand, b: Operand): Value => binary(maximumOp, a, b);
/** The smaller of a and b, broadcast. */
export const minimum = (a: Operand, b: Operand): Value => binary(minimumOp, a, b);

export const ops = [addOp, subOp, mulOp, divOp, maximumOp, minimumOp];
