import { Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter, type Example, type Op } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { lift } from "./leaf.js";
import { bool, float32, int32 } from "./types.js";

type None = Record<never, never>;

const FLOATS: readonly Example<None>[] = [
	{ inputs: [["batch", 3], [3]], attributes: {} },
	// with pairs that are equal
	{ inputs: [Tensor.from([[1, 2, 3, 4]]), Tensor.from([[1], [3]])], attributes: {} },
	{ inputs: [Tensor.from([1, 2, 3], "int32"), Tensor.scalar(2, "int32")], attributes: {} },
];
const BOOLS: readonly Example<None>[] = [
	{ inputs: [Tensor.from([1, 1, 0, 0], "bool"), Tensor.from([1, 0, 1, 0], "bool")], attributes: {} },
	{ inputs: [bool("batch", "pos"), bool("batch", 1)], attributes: {} },
];

/** Logic as arithmetic of 0 and 1, for the provider that has no logic; `first` goes before the operands. */
function onNumbers(
	emit: Emitter,
	type: "Mul" | "Max" | "Sub",
	inputs: readonly string[],
	outputs: readonly string[],
	...first: string[]
): void {
	const numbers = inputs.map((input) => {
		const number = emit.temp();
		emit.node("Cast", [input], [number], { to: { type: "float32" } });
		return number;
	});
	const result = emit.temp();
	emit.node(type, [...first, ...numbers], [result]);
	emit.node("Greater", [result, emit.constant(Tensor.scalar(0.5))], outputs);
}

/** A test of two numbers, or of two bools, whose result is bool. It has no gradient and passes none. */
function defineTest(
	name: string,
	doc: string,
	onnx: string,
	compute: (a: number, b: number) => boolean,
	of: "numbers" | "bools" = "numbers",
): Op<None> {
	const bools = of === "bools";
	return defineOp<None>({
		name,
		doc,
		infer: (inputs) => {
			const [a, b] = inputs as readonly [TensorType, TensorType];
			if (a.dtype !== b.dtype || (a.dtype === "bool") !== bools) {
				const wanted = bools ? "be bool" : "be float32 or both int32";
				throw new TypeError(`operands must both ${wanted}, got ${a.dtype} and ${b.dtype}`);
			}
			return [{ dtype: "bool", shape: broadcastShapes(a.shape, b.shape) }];
		},
		host: (inputs, _, types) => {
			const [a, b] = inputs as readonly [Tensor, Tensor];
			return filled(types, (out, shape) =>
				forEachBroadcast([a.shape, b.shape], shape, ([i, j], flat) => {
					out[flat] = compute(Number(a.data[i as number]), Number(b.data[j as number])) ? 1 : 0;
				}),
			);
		},
		lower: (emit, _, inputs, outputs) => {
			if (bools && emit.provider === "webgpu")
				onNumbers(emit, onnx === "And" ? "Mul" : "Max", inputs, outputs);
			else emit.node(onnx, inputs, outputs);
		},
		vjp: () => [undefined, undefined],
		examples: bools ? BOOLS : FLOATS,
		refuses: bools
			? [
					{ inputs: [float32(2), float32(2)], attributes: {} },
					{ inputs: [bool(2), bool("pos")], attributes: {} },
				]
			: [
					{ inputs: [bool(2), bool(2)], attributes: {} },
					{ inputs: [float32(2), int32([2])], attributes: {} },
					{ inputs: [float32(2), float32("pos")], attributes: {} },
				],
	});
}

const equalOp = defineTest("equal", "a = b", "Equal", (a, b) => a === b);
const lessOp = defineTest("less", "a < b", "Less", (a, b) => a < b);
const lessEqualOp = defineTest("less-equal", "a <= b", "LessOrEqual", (a, b) => a <= b);
const greaterOp = defineTest("greater", "a > b", "Greater", (a, b) => a > b);
const greaterEqualOp = defineTest("greater-equal", "a >= b", "GreaterOrEqual", (a, b) => a >= b);
const andOp = defineTest("and", "a and b", "And", (a, b) => a !== 0 && b !== 0, "bools");
const orOp = defineTest("or", "a or b", "Or", (a, b) => a !== 0 || b !== 0, "bools");

const notOp = defineOp<None>({
	name: "not",
	doc: "not a",
	infer: ([a]) => {
		const { dtype, shape } = a as TensorType;
		if (dtype !== "bool") throw new TypeError(`the operand must be bool, got ${dtype}`);
		return [{ dtype, shape }];
	},
	host: ([a], _, types) =>
		filled(types, (out) => {
			for (const [i, value] of (a as Tensor).data.entries()) out[i] = value ? 0 : 1;
		}),
	lower: (emit, _, inputs, outputs) => {
		if (emit.provider !== "webgpu") emit.node("Not", inputs, outputs);
		else onNumbers(emit, "Sub", inputs, outputs, emit.constant(Tensor.scalar(1)));
	},
	vjp: () => [undefined],
	examples: [
		{ inputs: [bool("batch", 3)], attributes: {} },
		{ inputs: [Tensor.from([1, 0, 1], "bool")], attributes: {} },
	],
	refuses: [{ inputs: [int32([2])], attributes: {} }],
});

type Operand = Value | number;
const test = (op: Op<None>, a: Operand, b: Operand): Value => apply1(op, [lift(a, b), lift(b, a)], {});

/** a = b; a whole number takes the other operand's dtype, here and below. */
export const equal = (a: Operand, b: Operand): Value => test(equalOp, a, b);
export const less = (a: Operand, b: Operand): Value => test(lessOp, a, b);
export const lessEqual = (a: Operand, b: Operand): Value => test(lessEqualOp, a, b);
export const greater = (a: Operand, b: Operand): Value => test(greaterOp, a, b);
export const greaterEqual = (a: Operand, b: Operand): Value => test(greaterEqualOp, a, b);
export const and = (a: Value, b: Value): Value => apply1(andOp, [a, b], {});
export const or = (a: Value, b: Value): Value => apply1(orOp, [a, b], {});
export const not = (a: Value): Value => apply1(notOp, [a], {});

export const ops = [equalOp, lessOp, lessEqualOp, greaterOp, greaterEqualOp, andOp, orOp, notOp] as const;
