import { reshape, transpose } from "../graph/ops/index.js";
import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type Norm, norm } from "./norm.js";

/** Norms of queries and keys, between their projection and their rotation (Henry et al. 2020, "Query-Key Normalization"). */
export interface QkNorm {
	readonly q: Norm;
	readonly k: Norm;
	/** What has a norm of its own: "head" each head (weights [d_head]), "heads" all of them as one vector ([head * d_head]). */
	readonly of: "head" | "heads";
}

/**
 * Queries or keys [batch, pos, head, d_head] through their norm, the module `q_norm` or `k_norm` with the points of
 * `norm`, and the point hook_q_normed or hook_k_normed. Inside, a head's rows lie together as they do in
 * TransformerLens' bridge: [batch, head, pos, d_head], or [batch, pos, head * d_head] for a norm of all heads.
 */
export function normHeads(t: Trace, which: "q" | "k", x: Value, parts: QkNorm): Value {
	const [batch, pos, heads, dHead] = x.shape as [string, string, number, number];
	const apply = (rows: Value): Value =>
		t.hook(`hook_${which}_normed`, t.call(`${which}_norm`, norm(t, parts[which]), rows));
	if (parts.of === "head") return transpose(apply(transpose(x, [0, 2, 1, 3])), [0, 2, 1, 3]);
	return reshape(apply(reshape(x, [batch, pos, heads * dHead])), [batch, pos, heads, dHead]);
}
