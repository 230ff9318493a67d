/** Random compositions of ops on matrices, for laws that hold for any graph. */
import fc from "fast-check";
import * as ops from "../../src/graph/ops/index.js";
import type { Value } from "../../src/graph/value.js";
import { Random, Tensor } from "../../src/tensor/index.js";

/** One step: which rule, applied to which values that are there already. */
export interface Step {
	readonly rule: number;
	readonly a: number;
	readonly b: number;
}

const ROWS = 3;
const COLUMNS = 4;

/** Every rule makes a [3, 4] matrix of tame size out of two. Some are written so that simplify has work. */
const RULES: readonly ((a: Value, b: Value) => Value)[] = [
	(a, b) => ops.add(a, b),
	(a, b) => ops.mul(ops.tanh(a), b),
	(a, b) => ops.sub(ops.mul(a, 1), ops.sub(b, 0)),
	(a, b) => ops.div(a, ops.add(ops.mul(b, b), 1)),
	(a, b) => ops.mul(ops.softmax(a), b),
	(a) => ops.layerNormalize(a, 0.1).normalized,
	(a) => ops.rmsNormalize(a, 0.1).normalized,
	(a, b) => ops.tanh(ops.matmul(ops.matmul(a, b, { transposeB: true, alpha: 0.5 }), b)),
	(a, b) => ops.tanh(ops.matmul(b, ops.matmul(b, a, { transposeA: true }))),
	(a, b) => ops.reshape(ops.reshape(ops.add(ops.reshape(a, [2, 6]), ops.reshape(b, [2, 6])), [12]), [3, 4]),
	(a, b) =>
		ops.transpose(
			ops.silu(ops.concat([ops.slice(ops.transpose(a), 0, 0, 2), ops.slice(ops.transpose(b), 0, 2)], 0)),
		),
	(a, b) => ops.where(ops.greater(ops.sum(b, -1, { keepDims: true }), 0.123), a, ops.geluTanh(b)),
	(a, b) => ops.sub(a, ops.expand(ops.mean(b, 0), [ROWS, COLUMNS])),
	(a) => ops.mul(ops.cumsum(a, 1), ops.mul(ops.constant(0.25), ops.add(ops.constant(1), 1))),
	(a, b) => ops.add(ops.split(a, 1, [4])[0] as Value, ops.exp(ops.neg(ops.mul(b, b)))),
	// the constants keep rows apart that would be equally large, where the gradient is not defined
	(a, b) => {
		const rows = ops.argmax(ops.add(ops.slice(b, 1, 0, ROWS), ops.constant(random(3).slice(1, 0, ROWS))), 0);
		return ops.gather(ops.gelu(a), rows);
	},
];

export const steps: fc.Arbitrary<Step[]> = fc.array(
	fc.record({ rule: fc.nat({ max: RULES.length - 1 }), a: fc.nat(), b: fc.nat() }),
	{ minLength: 1, maxLength: 12 },
);

/** All values of the composition, inputs x and y and their constant first, in order. */
export function build(steps: readonly Step[]): Value[] {
	const values = [
		ops.input("x", "float32", [ROWS, COLUMNS]),
		ops.input("y", "float32", [ROWS, COLUMNS]),
		ops.constant(random(7)),
	];
	for (const { rule, a, b } of steps) {
		const operands = [a, b].map((i) => values[i % values.length] as Value) as [Value, Value];
		values.push((RULES[rule] as (a: Value, b: Value) => Value)(...operands));
	}
	return values;
}

export function random(seed: number): Tensor<"float32"> {
	const stream = new Random(seed);
	return new Tensor(
		"float32",
		[ROWS, COLUMNS],
		Float32Array.from({ length: ROWS * COLUMNS }, () => stream.normal()),
	);
}

export const feeds = { x: random(1), y: random(2) };
