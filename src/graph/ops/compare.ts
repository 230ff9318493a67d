import { allocate, type DType, Tensor } from "../../tensor/index.js";
import { defineOp, type Op } from "../op.js";
import { apply1, type TensorType, Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { constant } from "./leaf.js";

type None = Record<never, never>;

/** A test of two operands, or of two bools, whose result is bool. It has no gradient and passes none. */
function defineTest(
	name: string,
	doc: string,
	onnx: string,
	compute: (a: number, b: number) => boolean,
	of: "numbers" | "bools" = "numbers",
): Op<None> {
	const bools = of === "bools";
	const mask = Tensor.from(
		[
			[1, 0, 1],
			[0, 0, 1],
		],
		"bool",
	);
	return defineOp<None>({
		name,
		doc,
		infer: ([a, b]) => {
			const [x, y] = [a as TensorType, b as TensorType];
			if (x.dtype !== y.dtype || (x.dtype === "bool") !== bools) {
				throw new TypeError(
					`operands must both be ${bools ? "bool" : "of one numeric dtype"}, got ${x.dtype} and ${y.dtype}`,
				);
			}
			return [{ dtype: "bool", shape: broadcastShapes(x.shape, y.shape) }];
		},
		host: (inputs, _, [type]) => {
			const [a, b] = inputs as [Tensor, Tensor];
			const shape = (type as { shape: readonly number[] }).shape;
			const out = allocate(
				"bool",
				shape.reduce((m, n) => m * n, 1),
			);
			forEachBroadcast([a.shape, b.shape], shape, ([i, j], flat) => {
				out[flat] = compute(Number(a.data[i as number]), Number(b.data[j as number])) ? 1 : 0;
			});
			return [new Tensor("bool", shape, out)];
		},
		lower: (emit, _, inputs, outputs) => emit.node(onnx, inputs, outputs),
		vjp: () => [undefined, undefined],
		examples: bools
			? [{ inputs: [mask, Tensor.from([[1], [0]], "bool")], attributes: {} }]
			: [
					{
						inputs: [
							Tensor.from(
								[
									[1, 2, 3],
									[3, 2, 1],
								],
								"int32",
							),
							Tensor.from([1, 2, 2], "int32"),
						],
						attributes: {},
					},
					{ inputs: [[2, 3], [3]], attributes: {} },
					{ inputs: [[0, 3], [3]], attributes: {} },
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
		const x = a as TensorType;
		if (x.dtype !== "bool") throw new TypeError(`the operand must be bool, got ${x.dtype}`);
		return [x];
	},
	host: ([a]) => [
		new Tensor(
			"bool",
			(a as Tensor).shape,
			Uint8Array.from((a as Tensor<"bool">).data, (v) => (v ? 0 : 1)),
		),
	],
	lower: (emit, _, inputs, outputs) => emit.node("Not", inputs, outputs),
	vjp: () => [undefined],
	examples: [{ inputs: [Tensor.from([1, 0, 1], "bool")], attributes: {} }],
});

const whereOp = defineOp<None>({
	name: "where",
	doc: "a where the condition holds, else b; a selection, so the branch not taken may be NaN or infinite.",
	infer: ([c, a, b]) => {
		const [condition, x, y] = [c as TensorType, a as TensorType, b as TensorType];
		if (condition.dtype !== "bool") throw new TypeError(`the condition must be bool, got ${condition.dtype}`);
		if (x.dtype !== y.dtype)
			throw new TypeError(`the branches must have one dtype, got ${x.dtype} and ${y.dtype}`);
		return [{ dtype: x.dtype, shape: broadcastShapes(condition.shape, x.shape, y.shape) }];
	},
	host: (inputs, _, [type]) => {
		const [c, a, b] = inputs as [Tensor, Tensor, Tensor];
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const out = allocate(
			dtype,
			shape.reduce((m, n) => m * n, 1),
		);
		forEachBroadcast([c.shape, a.shape, b.shape], shape, ([k, i, j], flat) => {
			out[flat] = (c.data[k as number] ? a.data[i as number] : b.data[j as number]) as never;
		});
		return [new Tensor(dtype, shape, out)];
	},
	lower: (emit, _, inputs, outputs) => emit.node("Where", inputs, outputs),
	vjp: (g, [ct], node) => {
		const [condition, a, b] = node.inputs as [Value, Value, Value];
		const zero = g.constant(0);
		return [
			undefined,
			unbroadcast(g, g.where(condition, ct as Value, zero), a),
			unbroadcast(g, g.where(condition, zero, ct as Value), b),
		];
	},
	examples: [
		{
			inputs: [
				Tensor.from(
					[
						[1, 0, 1],
						[0, 1, 0],
					],
					"bool",
				),
				[2, 3],
				[],
			],
			attributes: {},
			wrt: [1, 2],
		},
		{ inputs: [Tensor.from([1, 0, 1], "bool"), [2, 3], [2, 1]], attributes: {}, wrt: [1, 2] },
	],
});

const castOp = defineOp<{ to: DType }>({
	name: "cast",
	doc: "Converts the dtype; floats are cut towards zero, numbers become true where not 0.",
	infer: ([x], { to }) => [{ dtype: to, shape: (x as TensorType).shape }],
	host: ([x], { to }) => {
		const input = x as Tensor;
		if (to === "bool")
			return [
				new Tensor(
					"bool",
					input.shape,
					Uint8Array.from(input.data as Float32Array, (v) => (Number(v) !== 0 ? 1 : 0)),
				),
			];
		if (to.startsWith("int"))
			return [new Tensor(input.dtype, input.shape, input.data.map(Math.trunc as never) as never).to(to)];
		return [input.to(to)];
	},
	lower: (emit, node, inputs, outputs) =>
		emit.node("Cast", inputs, outputs, { to: { type: node.attributes.to } }),
	vjp: (_, [ct], node) => [
		node.inputs[0]?.dtype === "float32" && node.attributes.to === "float32" ? ct : undefined,
	],
	examples: [
		{
			inputs: [
				Tensor.from(
					[
						[1, 0],
						[1, 1],
					],
					"bool",
				),
			],
			attributes: { to: "float32" },
		},
		{ inputs: [Tensor.from([1, -2, 3], "int32")], attributes: { to: "float32" } },
		{ inputs: [Tensor.from([1.7, -2.7, 0])], attributes: { to: "int32" }, wrt: [] },
	],
});

/** Operands of a test: a number takes the other operand's dtype. */
function test(op: Op<None>, a: Value | number, b: Value | number): Value {
	const dtype = a instanceof Value ? a.dtype : b instanceof Value ? b.dtype : "float32";
	const operand = (x: Value | number): Value => (x instanceof Value ? x : constant(Tensor.scalar(x, dtype)));
	return apply1(op, [operand(a), operand(b)], {});
}

export const equal = (a: Value | number, b: Value | number): Value => test(equalOp, a, b);
export const less = (a: Value | number, b: Value | number): Value => test(lessOp, a, b);
export const lessEqual = (a: Value | number, b: Value | number): Value => test(lessEqualOp, a, b);
export const greater = (a: Value | number, b: Value | number): Value => test(greaterOp, a, b);
export const greaterEqual = (a: Value | number, b: Value | number): Value => test(greaterEqualOp, a, b);
export const and = (a: Value, b: Value): Value => apply1(andOp, [a, b], {});
export const or = (a: Value, b: Value): Value => apply1(orOp, [a, b], {});
export const not = (a: Value): Value => apply1(notOp, [a], {});
/** a where the condition holds, else b. Nothing is computed with the other branch, NaN and infinities included. */
export function where(condition: Value, a: Value | number, b: Value | number): Value {
	const dtype = a instanceof Value ? a.dtype : b instanceof Value ? b.dtype : "float32";
	const branch = (x: Value | number): Value => (x instanceof Value ? x : constant(Tensor.scalar(x, dtype)));
	return apply1(whereOp, [condition, branch(a), branch(b)], {});
}
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : apply1(castOp, [x], { to }));

export const ops = [
	equalOp,
	lessOp,
	lessEqualOp,
	greaterOp,
	greaterEqualOp,
	andOp,
	orOp,
	notOp,
	whereOp,
	castOp,
] as const;
