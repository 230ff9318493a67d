import { reshape, split } from "../../graph/ops/index.js";
import type { Value } from "../../graph/value.js";
import { type Linear, linear, projectToHeads } from "../../nn/linear.js";
import { type Projection, toLinear } from "../projection.js";
import type { GptConfig } from "./config.js";
import type { Projections } from "./weights.js";

type Three = [Value, Value, Value];

/**
 * q, k, v as [batch, pos, head or kv_head, d_head]. Where one matrix holds all three it is one product, unless their
 * inputs were split.
 */
export function projectedHeads([q, k, v]: Three, w: Projections, c: GptConfig): Three {
	const { nHeads, nKvHeads, dHead } = c;
	if (w.qkv && q === k && k === v && q.rank === 3) {
		const joined = linear(q, toLinear(w.qkv));
		const [batch, pos] = joined.shape as [string, string];
		return thirds(joined, [batch, pos], c, []).map((x) => reshape(x, [batch, pos, nHeads, dHead])) as Three;
	}
	const own = w.qkv
		? ownMatrices(w.qkv, c)
		: [w.q, w.k, w.v].map((projection) => toLinear(projection as Projection));
	const counts = [nHeads, nKvHeads, nKvHeads];
	return [q, k, v].map((x, i) => projectToHeads(x, own[i] as Linear, counts[i] as number, dHead)) as Three;
}

/** Queries', keys' and values' own parts of a matrix that holds all three. */
function ownMatrices(qkv: Projection, c: GptConfig): Linear[] {
	const { weight, bias } = toLinear(qkv);
	const rows = c.nHeads * c.dHead;
	const biases = bias ? thirds(bias, [], c, []) : [];
	return thirds(weight, [], c, [c.dModel]).map((part, i) => ({
		weight: reshape(part, [rows, c.dModel]),
		bias: biases[i] && reshape(biases[i], [rows]),
		transposed: true,
	}));
}

/** x [...before, 3 * head * d_head, ...after] as its three parts, with axes of extent 1 where they lay side by side. */
function thirds(
	x: Value,
	before: readonly (string | number)[],
	{ nHeads, dHead, fused }: GptConfig,
	after: readonly number[],
): readonly Value[] {
	const byHead = fused === "by head";
	const inner = byHead ? [nHeads, 3, dHead] : [3, nHeads, dHead];
	const apart = reshape(x, [...before, ...inner, ...after]);
	return split(apart, before.length + (byHead ? 1 : 0), [1, 1, 1]);
}
