import { weight } from "../graph/ops/index.js";
import type { Linear } from "../nn/linear.js";
import type { WeightDeclaration } from "./family.js";

/** A matrix as torch's nn.Linear stores it, [out, in], under the name of its module. */
export interface Projection {
	readonly name: string;
	readonly input: number;
	readonly output: number;
	readonly bias: boolean;
}

/** The tensors of a projection. */
export function declare({ name, input, output, bias }: Projection): WeightDeclaration[] {
	const matrix = { name: `${name}.weight`, shape: [output, input] };
	return bias ? [matrix, { name: `${name}.bias`, shape: [output] }] : [matrix];
}

/** A projection as values of the graph. */
export function toLinear({ name, input, output, bias }: Projection): Linear {
	return {
		weight: weight(`${name}.weight`, [output, input]),
		bias: bias ? weight(`${name}.bias`, [output]) : undefined,
		transposed: true,
	};
}
