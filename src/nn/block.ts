import { add } from "../graph/ops/index.js";
import type { ModuleFn, Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type AttentionShape, perHeadInput } from "./attention.js";

export interface BlockParts extends AttentionShape {
	readonly ln1: ModuleFn;
	/** From the normalised inputs of queries, keys and values; all one value unless they were split. */
	readonly attn: ModuleFn;
	readonly ln2: ModuleFn;
	readonly mlp: ModuleFn;
}

/**
 * A pre-norm block: resid + attn(ln1(resid)), then that + mlp(ln2(that)). Points: hook_resid_pre,
 * hook_attn_out, hook_resid_mid, hook_mlp_out, hook_resid_post; asked for by name also hook_attn_in,
 * hook_q_input, hook_k_input, hook_v_input ([batch, pos, head or kv_head, d_model], before ln1) and
 * hook_mlp_in.
 */
export function preNormBlock(t: Trace, x: Value, parts: BlockParts): Value {
	const pre = t.hook("hook_resid_pre", x);
	const attnOut = t.hook("hook_attn_out", t.call("attn", parts.attn, ...attentionInputs(t, pre, parts)));
	const mid = t.hook("hook_resid_mid", add(pre, attnOut));
	const mlpIn = t.optional("hook_mlp_in", () => mid) ?? mid;
	const mlpOut = t.hook("hook_mlp_out", t.call("mlp", parts.mlp, t.call("ln2", parts.ln2, mlpIn)));
	return t.hook("hook_resid_post", add(mid, mlpOut));
}

/** Normalised inputs of queries, keys and values: split per head only where a hook replaced one. */
function attentionInputs(t: Trace, pre: Value, { ln1, nHeads, nKvHeads }: BlockParts): [Value, Value, Value] {
	const all = nHeads === nKvHeads ? t.optional("hook_attn_in", () => perHeadInput(pre, nHeads)) : undefined;
	const part = (name: string, heads: number): Value =>
		t.optional(name, () => all ?? perHeadInput(pre, heads)) ?? all ?? pre;
	const q = part("hook_q_input", nHeads);
	const k = part("hook_k_input", nKvHeads);
	const v = part("hook_v_input", nKvHeads);
	const normalized = new Map<Value, Value>();
	for (const input of [q, k, v]) {
		if (!normalized.has(input)) normalized.set(input, t.call("ln1", ln1, input));
	}
	return [q, k, v].map((input) => normalized.get(input)) as [Value, Value, Value];
}
