import type { DType, Tensor } from "../tensor/index.js";
import type { Dim } from "./dim.js";
import type { Attributes, Node, TensorType, Value } from "./value.js";

/** Where a compiled graph runs. */
export type Provider = "cpu" | "wasm" | "webgpu" | "cuda";

/** Whether one program serves any extents there; elsewhere shapes would be computed on the CPU, and each is a program of its own. */
export function computesExtents(provider: Provider): boolean {
	return provider === "cpu" || provider === "wasm";
}

export type OnnxAttribute =
	| number
	| string
	| readonly number[]
	| { readonly float: number }
	| { readonly type: DType };

/** What an op's lowering writes ONNX with. Numbers in attributes are ints; floats are `{ float }`. */
export interface Emitter {
	readonly provider: Provider;
	/** Adds an ONNX node. `domain` is "" (ai.onnx) or "com.microsoft". */
	node(
		type: string,
		inputs: readonly string[],
		outputs: readonly string[],
		attributes?: Readonly<Record<string, OnnxAttribute>>,
		domain?: "" | "com.microsoft",
	): void;
	/** A name that nothing else has. */
	temp(): string;
	/** The name of an initializer with these contents. */
	constant(tensor: Tensor): string;
	/** The name of an int64 vector with these whole numbers. */
	ints(values: readonly number[]): string;
	/** The name of an int64 vector that holds a shape at run time. */
	shape(dims: readonly Dim[]): string;
}

/**
 * An input of an example: random floats of a shape, random whole numbers in [0, below), random bools, or
 * exactly these. Shapes may use the symbols "batch" and "pos", which the suite binds to several sizes.
 */
export type ExampleInput =
	| readonly Dim[]
	| { readonly dtype: "int32"; readonly shape: readonly Dim[]; readonly below: number }
	| { readonly dtype: "bool"; readonly shape: readonly Dim[] }
	| Tensor;

/** One test case of an op. */
export interface Example<A extends Attributes = Attributes> {
	readonly inputs: readonly ExampleInput[];
	readonly attributes: A;
	/** Which inputs are differentiable here; all float inputs by default. */
	readonly wrt?: readonly number[];
	/** false where ONNX Runtime cannot run this with an empty batch. */
	readonly empty?: false;
	/** Random floats are drawn uniformly from this range; default [-2, 2]. */
	readonly range?: readonly [number, number];
}

/** Operands and options that an op must refuse. */
export interface Refusal<A extends Attributes = Attributes> {
	readonly inputs: readonly TensorType[];
	readonly attributes: A;
}

/** What an output is on the host: floats have the dtype of the evaluation's precision. */
export interface HostType {
	readonly dtype: DType;
	readonly shape: readonly number[];
}

/**
 * One op = one record: shape rule, host reference, ONNX lowering, gradient and examples.
 * The conformance suite runs over every record.
 */
export interface Op<A extends Attributes = Attributes> {
	readonly name: string;
	/** One line: what it computes. */
	readonly doc: string;
	/** Types of the outputs, or an error that says which rule the inputs break. */
	infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
	/** The result on the host, in the inputs' own precision: the oracle of the lowering. */
	host(inputs: readonly Tensor[], attributes: A, outputs: readonly HostType[]): readonly Tensor[];
	/** Writes ONNX nodes that compute `outputs` from `inputs`. */
	lower(emit: Emitter, node: Node<A>, inputs: readonly string[], outputs: readonly string[]): void;
	/**
	 * Vector-Jacobian product: cotangents of the outputs (undefined = zero) to cotangents of the inputs
	 * (undefined = not differentiable there). Absent where the op has no gradient at all.
	 */
	vjp?(g: Ops, cotangents: readonly (Value | undefined)[], node: Node<A>): readonly (Value | undefined)[];
	/**
	 * What the outputs equal bit for bit without computing anything, where that is so (a reshape to the
	 * same shape, a factor of 1). Used by `simplify`.
	 */
	shortcut?(g: Ops, inputs: readonly Value[], attributes: A): readonly Value[] | undefined;
	readonly examples: readonly Example<A>[];
	/** At least one per rule of `infer`. */
	readonly refuses: readonly Refusal<A>[];
}

/** The functions over graph values, handed to gradients so that op files need not import each other. */
export type Ops = typeof import("./ops/index.js");

/** Checks an op's record against its attribute type; an identity at run time. */
export function defineOp<A extends Attributes>(op: Op<A>): Op<A> {
	return op;
}
