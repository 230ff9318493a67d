import { add } from "../graph/ops/index.js";
import type { ModuleFn, Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { type AttentionShape, perHeadInput } from "./attention.js";

export interface BlockParts extends AttentionShape {
	/** Before attention; without it attention reads the stream itself. */
	readonly ln1?: ModuleFn | undefined;
	/** From the (normalised) inputs of queries, keys and values; all one value unless they were split. */
	readonly attn: ModuleFn;
	/** Behind attention, before its output is added to the stream. */
	readonly ln1Post?: ModuleFn | undefined;
	/** Before the MLP; without it the MLP reads the stream itself. */
	readonly ln2?: ModuleFn | undefined;
	readonly mlp: ModuleFn;
	/** Behind the MLP. */
	readonly ln2Post?: ModuleFn | undefined;
}

/** Parts of a block whose attention and MLP read the same stream. */
export interface ParallelParts extends AttentionShape {
	readonly ln1?: ModuleFn | undefined;
	readonly attn: ModuleFn;
	/** Before the MLP; without it the MLP reads what `ln1` gives. */
	readonly ln2?: ModuleFn | undefined;
	/** Without it the block is attention alone. */
	readonly mlp?: ModuleFn | undefined;
}

/**
 * A block of two steps: resid + attn(ln1(resid)), then that + mlp(ln2(that)), each with a norm before it, behind it
 * (`ln1_post`, `ln2_post`) or both. Points: hook_resid_pre, hook_attn_out, hook_resid_mid, hook_mlp_out,
 * hook_resid_post; asked for by name also hook_attn_in, hook_q_input, hook_k_input, hook_v_input ([batch, pos, head or
 * kv_head, d_model], before ln1) and hook_mlp_in. hook_attn_out and hook_mlp_out are what is added to the stream: with
 * norms behind, attn.hook_out and mlp.hook_out are what these read.
 */
export function preNormBlock(t: Trace, x: Value, parts: BlockParts): Value {
	const { ln1, attn, ln1Post, ln2, mlp, ln2Post } = parts;
	const pre = t.hook("hook_resid_pre", x);
	const attnOut = t.hook(
		"hook_attn_out",
		thenNorm(
			t,
			["attn", attn],
			["ln1_post", ln1Post],
			attentionInputs(t, pre, parts, onceEach(t, "ln1", ln1)),
		),
	);
	const mid = t.hook("hook_resid_mid", add(pre, attnOut));
	const mlpIn = t.optional("hook_mlp_in", () => mid) ?? mid;
	const read = ln2 ? t.call("ln2", ln2, mlpIn) : mlpIn;
	const mlpOut = t.hook("hook_mlp_out", thenNorm(t, ["mlp", mlp], ["ln2_post", ln2Post], [read]));
	return t.hook("hook_resid_post", add(mid, mlpOut));
}

/** A module and the norm behind it, where there is one. */
function thenNorm(
	t: Trace,
	[name, module]: readonly [string, ModuleFn],
	[normName, norm]: readonly [string, ModuleFn | undefined],
	inputs: readonly Value[],
): Value {
	if (!norm) return t.call(name, module, ...inputs);
	const output = t.call(name, (...given) => t.hook("hook_out", module(...given)), ...inputs);
	return t.call(normName, norm, output);
}

/**
 * A block of one step: resid + attn(ln1(resid)) + mlp(ln2(resid)) (Wang and Komatsuzaki 2021, "GPT-J"). Without ln2 the
 * MLP reads what ln1 gives, without an MLP attention is all there is. Points: those of `preNormBlock`, but no
 * hook_resid_mid, and of an MLP that is not there none.
 */
export function parallelBlock(t: Trace, x: Value, parts: ParallelParts): Value {
	const { attn, ln1, ln2, mlp } = parts;
	const pre = t.hook("hook_resid_pre", x);
	const first = onceEach(t, "ln1", ln1);
	const attnOut = t.hook("hook_attn_out", t.call("attn", attn, ...attentionInputs(t, pre, parts, first)));
	const behind = add(pre, attnOut);
	if (!mlp) return t.hook("hook_resid_post", behind);
	const mlpIn = t.optional("hook_mlp_in", () => pre) ?? pre;
	const read = ln2 ? t.call("ln2", ln2, mlpIn) : first(mlpIn);
	const mlpOut = t.hook("hook_mlp_out", t.call("mlp", mlp, read));
	return t.hook("hook_resid_post", add(behind, mlpOut));
}

/** A module that is called once for each value that it is given, however often; without one the value itself. */
function onceEach(t: Trace, name: string, module: ModuleFn | undefined): (x: Value) => Value {
	const known = new Map<Value, Value>();
	return (x) => {
		const found = known.get(x) ?? (module ? t.call(name, module, x) : x);
		known.set(x, found);
		return found;
	};
}

/** Normalised inputs of queries, keys and values: split per head only where a hook replaced one. */
function attentionInputs(
	t: Trace,
	pre: Value,
	{ nHeads, nKvHeads }: AttentionShape,
	ln1: (x: Value) => Value,
): [Value, Value, Value] {
	const all = nHeads === nKvHeads ? t.optional("hook_attn_in", () => perHeadInput(pre, nHeads)) : undefined;
	const part = (name: string, heads: number): Value =>
		t.optional(name, () => all ?? perHeadInput(pre, heads)) ?? all ?? pre;
	const q = part("hook_q_input", nHeads);
	const k = part("hook_k_input", nKvHeads);
	const v = part("hook_v_input", nKvHeads);
	return [ln1(q), ln1(k), ln1(v)];
}
