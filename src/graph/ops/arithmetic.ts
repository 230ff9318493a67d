import type { Tensor } from "../../tensor/index.js";
import { defineOp, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { constantNumber, lift } from "./leaf.js";
import { bool, float32, int32 } from "./types.js";

type None = Record<never, never>;

interface BinaryRecord {
	name: string;
	doc: string;
	onnx: string;
	compute: (a: number, b: number) => number;
	/** Cotangents of a and b before unbroadcasting. */
	vjp: (g: Ops, ct: Value, a: Value, b: Value) => [Value, Value];
	/** Whether int32 operands are taken too. */
	integers: boolean;
	/** A left or right operand that changes no bit of the other: 1 x, x - 0 (but not x + 0, where -0 becomes 0). */
	neutral?: { left?: number; right?: number };
	range?: readonly [number, number];
}

function defineBinary(record: BinaryRecord): Op<None> {
	const { name, doc, onnx, compute, vjp, integers, neutral = {} } = record;
	const range = record.range && { range: record.range };
	const numeric = integers ? "float32 or int32" : "float32";
	return defineOp<None>({
		name,
		doc,
		infer: (inputs) => {
			const [a, b] = inputs as readonly [TensorType, TensorType];
			const taken = a.dtype === "float32" || (integers && a.dtype === "int32");
			if (a.dtype !== b.dtype || !taken) {
				throw new TypeError(`operands must both be ${numeric}, got ${a.dtype} and ${b.dtype}`);
			}
			return [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }];
		},
		host: (inputs, _, types) => {
			const [a, b] = inputs as readonly [Tensor, Tensor];
			return filled(types, (out, shape) =>
				forEachBroadcast([a.shape, b.shape], shape, ([i, j], flat) => {
					out[flat] = compute(Number(a.data[i as number]), Number(b.data[j as number]));
				}),
			);
		},
		lower: (emit, _, inputs, outputs) => emit.node(onnx, inputs, outputs),
		vjp: (g, [ct], node) => {
			const [a, b] = node.inputs as readonly [Value, Value];
			const [da, db] = vjp(g, ct as Value, a, b);
			return [unbroadcast(g, da, a), unbroadcast(g, db, b)];
		},
		shortcut: (_, inputs) => {
			const [a, b] = inputs as readonly [Value, Value];
			const is = (x: Value, neutral: number | undefined): boolean =>
				neutral !== undefined && x.rank === 0 && constantNumber(x) === neutral;
			if (is(b, neutral.right)) return [a];
			return is(a, neutral.left) ? [b] : undefined;
		},
		examples: [
			{
				inputs: [
					["batch", 3],
					["batch", 3],
				],
				attributes: {},
				...range,
			},
			{
				inputs: [
					["batch", 1, "pos"],
					[4, 1],
				],
				attributes: {},
				...range,
			},
			{ inputs: [["batch", "pos"], []], attributes: {}, ...range },
			...(integers ? [{ inputs: [int32(["batch", 3], 5), int32([3], 5)], attributes: {} }] : []),
		],
		refuses: [
			{ inputs: [float32(2), int32([2])], attributes: {} },
			{ inputs: [bool(2), bool(2)], attributes: {} },
			{ inputs: [float32(2, 3), float32("pos")], attributes: {} },
			...(integers ? [] : [{ inputs: [int32([2]), int32([2])], attributes: {} }]),
		],
	});
}

const addOp = defineBinary({
	name: "add",
	doc: "a + b, broadcast.",
	onnx: "Add",
	compute: (a, b) => a + b,
	vjp: (_, ct) => [ct, ct],
	integers: true,
});

const subOp = defineBinary({
	name: "sub",
	doc: "a - b, broadcast.",
	onnx: "Sub",
	compute: (a, b) => a - b,
	vjp: (g, ct) => [ct, g.neg(ct)],
	integers: true,
	neutral: { right: 0 },
});

const mulOp = defineBinary({
	name: "mul",
	doc: "a * b, broadcast.",
	onnx: "Mul",
	compute: (a, b) => a * b,
	vjp: (g, ct, a, b) => [g.mul(ct, b), g.mul(ct, a)],
	integers: true,
	neutral: { left: 1, right: 1 },
});

// whole numbers are not divided: by zero that ends the process in native runtimes
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
	integers: false,
	neutral: { right: 1 },
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
	integers: true,
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
	integers: true,
});

type Operand = Value | number;
const binary = (op: Op<None>, a: Operand, b: Operand): Value => apply1(op, [lift(a, b), lift(b, a)], {});

/** a + b, broadcast. A plain number takes the other operand's dtype, here and below. */
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

export const ops = [addOp, subOp, mulOp, divOp, maximumOp, minimumOp] as const;
