import { type DType, Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp, type Op } from "../op.js";
import { apply1, type Value } from "../value.js";

type InputAttributes = { name: string; role: "feed" | "weight"; dtype: DType; shape: readonly Dim[] };

export const inputOp = defineOp<InputAttributes>({
	name: "input",
	doc: "A tensor given when the graph runs: fed by the caller, or a weight bound from the model.",
	infer: (_, { dtype, shape }) => [{ dtype, shape }],
	host: () => {
		throw new Error("internal: inputs are fed, not computed");
	},
	lower: () => {
		throw new Error("internal: inputs are declared by the compiler, not lowered");
	},
	examples: [],
});

export const constantOp = defineOp<{ value: Tensor }>({
	name: "constant",
	doc: "A tensor known when the graph is traced.",
	infer: (_, { value }) => [
		{ dtype: value.dtype === "float64" ? "float32" : value.dtype, shape: value.shape },
	],
	host: (_, { value }) => [value],
	lower: (emit, node, _, [out]) => {
		const { value } = node.attributes;
		emit.node(
			"Identity",
			[emit.constant(value.dtype === "float64" ? value.to("float32") : value)],
			[out as string],
		);
	},
	examples: [{ inputs: [], attributes: { value: Tensor.from([1, 2, 3]) } }],
});

/** A tensor that the caller feeds on every run. Extents may be symbolic. */
export function input(name: string, dtype: DType, shape: readonly Dim[]): Value {
	return apply1(inputOp, [], { name, role: "feed", dtype, shape });
}

/** A float32 weight, bound by name from the model when the graph runs. */
export function weight(name: string, shape: readonly number[]): Value {
	return apply1(inputOp, [], { name, role: "weight", dtype: "float32", shape });
}

/** A constant; plain numbers become float32 scalars. float64 tensors are computed with as float32 once compiled. */
export function constant(value: Tensor | number): Value {
	return apply1(constantOp, [], { value: typeof value === "number" ? Tensor.scalar(value) : value });
}

/** A value from a value or a number. */
export function lift(value: Value | number): Value {
	return typeof value === "number" ? constant(value) : value;
}

export const ops: readonly Op<never>[] = [constantOp as unknown as Op<never>];
