import {
	add,
	cast,
	concat,
	constant,
	expand,
	greater,
	matmul,
	max,
	reshape,
	softmax,
	sum,
	transpose,
	unsqueeze,
	where,
} from "../graph/ops/index.js";
import type { Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";
import { type Linear, linear, projectFromHeads } from "./linear.js";
import { normHeads, type QkNorm } from "./qk-norm.js";
import { type Rotation, rotate } from "./rope.js";
import { softCap } from "./soft-cap.js";

export interface AttentionShape {
	readonly nHeads: number;
	/** Heads of keys and values; query head h reads kv head floor(h / (nHeads / nKvHeads)). */
	readonly nKvHeads: number;
	readonly dHead: number;
}

export interface AttentionOptions extends AttentionShape {
	/** Factor on q k^T, usually d_head ** -0.5. */
	readonly scale: number;
	/** Which keys a query may see: bool, broadcastable to [batch, head, query, key]. */
	readonly mask: Value;
	/** Some query may see no key at all (padding): its row is 0 instead of NaN. */
	readonly emptyRows: boolean;
	/** Norms of queries and keys before their rotation. */
	readonly qkNorm?: QkNorm | undefined;
	/** Scaled scores are capped before the mask: cap * tanh(score / cap). */
	readonly scoreCap?: number | undefined;
	/** Rotary positions, applied to queries and keys. "none" rotates nothing in a layer of a model whose others do. */
	readonly rotation?: Rotation | "none" | undefined;
	/** Keys (rotated) and values of earlier positions, both [batch, past, kv_head, d_head]: they come before the others. */
	readonly past?: { readonly key: Value; readonly value: Value } | undefined;
	/** W_O and b_O. Without it the heads' results stand side by side: [batch, query, head * d_head]. */
	readonly output?: Linear | undefined;
	/** Names under which the softmax and the output projection run as modules; by default they are none. */
	readonly modules?: { readonly softmax: string; readonly output: string } | undefined;
}

/**
 * Attention from projected heads, with the points hook_q, hook_k, hook_v, hook_rot_q, hook_rot_k,
 * hook_attn_scores, hook_pattern, hook_z and (when asked for) hook_result; with `qkNorm` those of its norms.
 * @param q [batch, query, head, d_head]; k and v are [batch, key, kv_head, d_head]
 * @returns [batch, query, d_model]
 *
 * The points hold the run's own positions; only the keys of scores and patterns are those of the past too.
 */
export function attention(t: Trace, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
	const { nHeads, nKvHeads, dHead, scale, mask, emptyRows, qkNorm, rotation, past, output, modules } =
		options;
	let query = t.hook("hook_q", q);
	let key = t.hook("hook_k", k);
	let value = t.hook("hook_v", v);
	if (qkNorm) {
		query = normHeads(t, "q", query, qkNorm);
		key = normHeads(t, "k", key, qkNorm);
	}
	if (rotation) {
		const rotated = (x: Value): Value => (rotation === "none" ? x : rotate(x, rotation));
		query = t.hook("hook_rot_q", rotated(query));
		key = t.hook("hook_rot_k", rotated(key));
	}
	if (past) {
		key = concat([past.key, key], 1);
		value = concat([past.value, value], 1);
	}
	const groups = nHeads / nKvHeads;
	const perQueryHead = (x: Value): Value => repeatKvHeads(transpose(x, [0, 2, 1, 3]), groups);
	const product = matmul(transpose(query, [0, 2, 1, 3]), perQueryHead(key), {
		transposeB: true,
		alpha: scale,
	});
	const scores = softCap(product, options.scoreCap);
	// added instead of selected: one pass over the scores that the runtime vectorises
	const bias = where(mask, 0, Number.NEGATIVE_INFINITY);
	const masked = t.hook("hook_attn_scores", add(scores, bias)); // [batch, head, query, key]
	const rows = modules ? t.call(modules.softmax, softmax, masked) : softmax(masked);
	const pattern = t.hook("hook_pattern", emptyRows ? where(seesKey(mask), rows, 0) : rows);
	const mixed = matmul(pattern, perQueryHead(value)); // [batch, head, query, d_head]
	const z = t.hook("hook_z", transpose(mixed, [0, 2, 1, 3])); // [batch, query, head, d_head]
	const edited = t.optional("hook_result", () => projectFromHeads(z, output ?? sideBySide(nHeads * dHead)));
	if (edited) {
		const total = sum(edited, -2, { keepDims: false });
		return output?.bias ? add(total, output.bias) : total;
	}
	const [batch, pos] = z.shape as [string, string];
	const joined = reshape(z, [batch, pos, nHeads * dHead]);
	if (!output) return joined;
	const project = (x: Value): Value => linear(x, output);
	return modules ? t.call(modules.output, project, joined) : project(joined);
}

/** The projection that leaves every head where it stands. */
function sideBySide(width: number): Linear {
	const identity = Tensor.zeros([width, width]);
	for (let i = 0; i < width; i++) identity.data[i * (width + 1)] = 1;
	return { weight: constant(identity) };
}

/** [batch, kv_head, pos, d_head] to [batch, head, pos, d_head], each kv head `groups` times in a row. */
function repeatKvHeads(x: Value, groups: number): Value {
	if (groups === 1) return x;
	const [batch, kvHeads, pos, dHead] = x.shape as [string, number, string, number];
	const repeated = expand(unsqueeze(x, 2), [batch, kvHeads, groups, pos, dHead]);
	return reshape(repeated, [batch, kvHeads * groups, pos, dHead]);
}

/** x [batch, pos, d_model] once per head: [batch, pos, head, d_model]. */
export function perHeadInput(x: Value, nHeads: number): Value {
	const [batch, pos, dModel] = x.shape as [string, string, number];
	return expand(unsqueeze(x, 2), [batch, pos, nHeads, dModel]);
}

/** Which queries see any key: [.., query, 1]. A row of nothing but -Infinity has no softmax. */
function seesKey(mask: Value): Value {
	return greater(max(cast(mask, "float32"), -1), 0);
}
