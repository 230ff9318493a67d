import type { DType, Tensor } from "../tensor/index.js";
import { type Dim, formatShape } from "./dim.js";
import type { Op } from "./op.js";

/** What is known of a value before anything runs. */
export interface TensorType {
	readonly dtype: DType;
	readonly shape: readonly Dim[];
}

/** Static options of a node. Tensors occur in constants only. */
export type Attribute = number | string | boolean | readonly number[] | readonly Dim[] | Tensor | undefined;
export type Attributes = Readonly<Record<string, Attribute>>;

/** One application of an op. */
export interface Node<A extends Attributes = Attributes> {
	readonly op: Op<A>;
	readonly inputs: readonly Value[];
	readonly attributes: A;
	readonly outputs: readonly Value[];
}

/** One output of a node: what traced functions compute with. */
export class Value implements TensorType {
	constructor(
		readonly node: Node,
		readonly index: number,
		readonly dtype: DType,
		readonly shape: readonly Dim[],
	) {}

	/** Number of axes. */
	get rank(): number {
		return this.shape.length;
	}

	/** The extent of an axis; negative numbers count from the end. */
	dim(axis: number): Dim {
		const extent = this.shape.at(axis);
		if (extent === undefined) throw new RangeError(`no axis ${axis} in ${this}`);
		return extent;
	}

	toString(): string {
		return `${this.dtype}${formatShape(this.shape)}`;
	}
}

/**
 * Applies an op: infers the outputs' types and makes the node.
 * @throws what the op's shape rule throws, with the op's name and every operand's type in front.
 */
export function apply<A extends Attributes>(
	op: Op<A>,
	inputs: readonly Value[],
	attributes: A,
): readonly Value[] {
	let types: readonly TensorType[];
	try {
		types = op.infer(inputs, attributes);
	} catch (error) {
		const operands = inputs.map(String).join(", ");
		throw new TypeError(`${op.name}(${operands}): ${(error as Error).message}`);
	}
	const outputs: Value[] = [];
	const node = { op, inputs, attributes, outputs } as unknown as Node;
	for (const [index, type] of types.entries()) outputs.push(new Value(node, index, type.dtype, type.shape));
	return outputs;
}

/** Applies an op that has one output. */
export function apply1<A extends Attributes>(op: Op<A>, inputs: readonly Value[], attributes: A): Value {
	return apply(op, inputs, attributes)[0] as Value;
}
