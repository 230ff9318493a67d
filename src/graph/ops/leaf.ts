import { type DType, Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, Value } from "../value.js";

/** Dtypes of graph values. int64 and float64 exist on the host only: not every provider has them. */
const GRAPH_DTYPES: readonly DType[] = ["float32", "int32", "bool", "uint8"];

function checkDType(dtype: DType): void {
	if (!GRAPH_DTYPES.includes(dtype)) {
		throw new TypeError(`dtype ${dtype} is not one of ${GRAPH_DTYPES.join(", ")}`);
	}
}

type InputAttributes = { name: string; role: "feed" | "weight"; dtype: DType; shape: readonly Dim[] };

export const inputOp = defineOp<InputAttributes>({
	name: "input",
	doc: "A tensor given when the graph runs: fed by the caller, or a weight bound from the model.",
	infer: (_, { dtype, shape }) => {
		checkDType(dtype);
		return [{ dtype, shape }];
	},
	host: () => {
		throw new Error("internal: inputs are fed, not computed");
	},
	lower: () => {
		throw new Error("internal: inputs are declared by the compiler, not lowered");
	},
	examples: [],
	refuses: [{ inputs: [], attributes: { name: "x", role: "feed", dtype: "int64", shape: [2] } }],
});

export const constantOp = defineOp<{ value: Tensor }>({
	name: "constant",
	doc: "A tensor known when the graph is traced.",
	infer: (_, { value }) => {
		const dtype = value.dtype === "float64" ? "float32" : value.dtype;
		checkDType(dtype);
		return [{ dtype, shape: value.shape }];
	},
	host: (_, { value }) => [value],
	lower: (emit, node, _, [out]) => {
		const { value } = node.attributes;
		const stored = emit.constant(value.dtype === "float64" ? value.to("float32") : value);
		emit.node("Identity", [stored], [out as string]);
	},
	examples: [
		{ inputs: [], attributes: { value: Tensor.from([1, -2.5, Number.NEGATIVE_INFINITY]) } },
		{ inputs: [], attributes: { value: Tensor.scalar(7, "int32") } },
		{ inputs: [], attributes: { value: Tensor.zeros([0, 2]) } },
	],
	refuses: [{ inputs: [], attributes: { value: Tensor.scalar(1, "int64") } }],
});

/** A tensor that the caller feeds on every run: float32, int32 or bool. Extents may be symbolic. */
export function input(name: string, dtype: DType, shape: readonly Dim[]): Value {
	return apply1(inputOp, [], { name, role: "feed", dtype, shape });
}

/** A weight, bound by name from the model when the graph runs; uint8 is a part of one that is held as blocks. */
export function weight(name: string, shape: readonly number[], dtype: DType = "float32"): Value {
	return apply1(inputOp, [], { name, role: "weight", dtype, shape });
}

/** A constant; plain numbers become float32 scalars. float64 tensors are computed with as float32 once compiled. */
export function constant(value: Tensor | number): Value {
	return apply1(constantOp, [], { value: typeof value === "number" ? Tensor.scalar(value) : value });
}

/** A value from a value or a number; a whole number beside an int32 value becomes int32, others float32. */
export function lift(value: Value | number, like?: Value | number): Value {
	if (value instanceof Value) return value;
	const whole = like instanceof Value && like.dtype === "int32" && Number.isInteger(value);
	return constant(Tensor.scalar(value, whole ? "int32" : "float32"));
}

/** The tensor behind a constant value. */
export function constantOf(value: Value): Tensor | undefined {
	return value.node.op.name === "constant" ? (value.node.attributes.value as Tensor) : undefined;
}

/** The number behind a constant of one element. -0 is not 0: adding and multiplying tell them apart. */
export function constantNumber(value: Value): number | undefined {
	const tensor = constantOf(value);
	if (tensor?.size !== 1) return undefined;
	const number = tensor.item();
	return Object.is(number, -0) ? undefined : number;
}

export const ops = [inputOp, constantOp] as const;
