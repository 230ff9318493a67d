import { Tensor } from "../tensor/index.js";
import { ActivationError } from "./error.js";

/** Queries, keys and values of every head, each [batch, head, pos, d_head]. */
export interface SeparatedAttention {
	readonly q: Tensor;
	readonly k: Tensor;
	readonly v: Tensor;
}

/**
 * Takes the regression transformer's fused attention activation apart. Along its last axis lie the heads, and
 * within each head its q, k and v, in this order: not all heads' queries first.
 * @param qkv the output of a block's `attention.attention`: [batch, pos, 3 * d_model]
 * @throws {ActivationError} for another rank and for heads that do not divide the width
 */
export function separateAttention(qkv: Tensor, { numHeads }: { numHeads: number }): SeparatedAttention {
	const [batch, pos, width] = qkv.shape;
	const dHead = (width ?? 0) / (3 * numHeads);
	if (qkv.shape.length !== 3 || batch === undefined || pos === undefined || !Number.isInteger(dHead)) {
		throw new ActivationError(
			`separateAttention: shape [${qkv.shape.join(", ")}], allowed [batch, pos, 3 * ${numHeads} heads * d_head]`,
		);
	}
	const heads = qkv.reshape([batch, pos, numHeads, 3 * dHead]).transpose([0, 2, 1, 3]);
	const third = (i: number): Tensor => heads.slice(3, i * dHead, (i + 1) * dHead);
	return { q: third(0), k: third(1), v: third(2) };
}

/**
 * Every query's product with every key, [batch, head, query, key]: raw, that is neither divided by sqrt(d_head) nor
 * masked nor normalised. The attention scores are these over sqrt(d_head).
 */
export function queriesTimesKeys({ q, k }: SeparatedAttention): Tensor<"float32"> {
	const [batch = 0, heads = 0, pos = 0, width = 0] = q.shape;
	const data = new Float32Array(batch * heads * pos * pos);
	for (let i = 0; i < data.length; i++) {
		// row of the query, and of the key in the same batch item and head
		const query = Math.floor(i / pos);
		const key = Math.floor(query / pos) * pos + (i % pos);
		let sum = 0;
		for (let d = 0; d < width; d++)
			sum += Number(q.data[query * width + d]) * Number(k.data[key * width + d]);
		data[i] = sum;
	}
	return new Tensor("float32", [batch, heads, pos, pos], data, ["batch", "head", "query", "key"]);
}
