import { add, matmul, reshape, transpose } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";

/** An affine map: weight and bias as stored. */
export interface Linear {
	/** [in, out], or [out, in] where `transposed`. */
	readonly weight: Value;
	readonly bias?: Value | undefined;
	/** The weight is stored [out, in], as torch's nn.Linear does. Default false. */
	readonly transposed?: boolean;
}

/** x [.., in] to [.., out]. */
export function linear(x: Value, { weight, bias, transposed = false }: Linear): Value {
	const product = matmul(x, weight, { transposeB: transposed });
	return bias ? add(product, bias) : product;
}

/** [batch, pos, head * d_head] to [batch, pos, head, d_head]. */
export function toHeads(x: Value, nHeads: number): Value {
	const [batch, pos, width] = x.shape as [string, string, number];
	return reshape(x, [batch, pos, nHeads, width / nHeads]);
}

/**
 * Projects to heads: x [batch, pos, d_model] (or one input per head, [batch, pos, head, d_model])
 * to [batch, pos, head, d_head].
 */
export function projectToHeads(x: Value, layer: Linear, nHeads: number, dHead: number): Value {
	if (x.rank === 3) return toHeads(linear(x, layer), nHeads);
	const perHead = layer.transposed
		? reshape(layer.weight, [nHeads, dHead, -1]) // [head, d_head, d_model]
		: transpose(reshape(layer.weight, [-1, nHeads, dHead]), [1, 0, 2]); // [head, d_model, d_head]
	const rows = transpose(x, [0, 2, 1, 3]); // [batch, head, pos, d_model]
	const out = transpose(matmul(rows, perHead, { transposeB: layer.transposed ?? false }), [0, 2, 1, 3]);
	return layer.bias ? add(out, reshape(layer.bias, [nHeads, dHead])) : out;
}

/** Each head's part of the output, z [batch, pos, head, d_head] to [batch, pos, head, d_model]; no bias. */
export function projectFromHeads(z: Value, { weight, transposed = false }: Linear): Value {
	const [, , nHeads, dHead] = z.shape as [string, string, number, number];
	const perHead = transposed
		? transpose(reshape(weight, [-1, nHeads, dHead]), [1, 2, 0]) // [head, d_head, d_model]
		: reshape(weight, [nHeads, dHead, -1]);
	return transpose(matmul(transpose(z, [0, 2, 1, 3]), perHead), [0, 2, 1, 3]);
}
