import { add, expand, gather, reshape, transpose, unsqueeze, weight } from "../../graph/ops/index.js";
import type { ModuleFn, Trace } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import { ACTIVATIONS } from "../../nn/activation.js";
import { attention } from "../../nn/attention.js";
import { parallelBlock, preNormBlock } from "../../nn/block.js";
import { type Linear, linear, projectToHeads } from "../../nn/linear.js";
import { mlp } from "../../nn/mlp.js";
import { norm } from "../../nn/norm.js";
import type { ModelInputs } from "../family.js";
import type { HookedConfig } from "./config.js";
import { hookedNorm } from "./weights.js";

const POSITIONS = "hook_pos_embed";

export function embed(t: Trace, c: HookedConfig, { tokens, positions }: ModelInputs): Value {
	const embedded = t.hook("hook_embed", gather(weight("embed.W_E", [c.vocab, c.dModel]), tokens)); // [batch, pos, d_model]
	const rows = t.hook(POSITIONS, expand(positionRows(c, positions), embedded.shape));
	return c.positions === "standard" ? add(embedded, rows) : embedded;
}

export function block(
	t: Trace,
	c: HookedConfig,
	layer: number,
	resid: Value,
	{ positions, mask, padded, past }: ModelInputs,
): Value {
	const at = `blocks.${layer}`;
	const { nHeads, nKvHeads, dHead, dModel: d } = c;
	const normOf = (which: string): ModuleFn | undefined =>
		c.normalization && norm(t, hookedNorm(`${at}.${which}`, c));
	const output = {
		weight: reshape(weight(`${at}.attn.W_O`, [nHeads, dHead, d]), [nHeads * dHead, d]),
		bias: weight(`${at}.attn.b_O`, [d]),
	};
	// a run that begins at a layer never reached the point
	const rows =
		c.positions === "shortformer" ? (t.values.get(POSITIONS) ?? positionRows(c, positions)) : undefined;
	const placed = (x: Value): Value => (rows ? add(x, x.rank === 4 ? unsqueeze(rows, -2) : rows) : x);
	const attn = (...[q, k, v]: Value[]): Value => {
		const project = (which: string, x: Value): Value =>
			projectToHeads(x, headProjection(c, `${at}.attn`, which), nHeads, dHead);
		const [query, key] = [project("Q", placed(q as Value)), project("K", placed(k as Value))];
		return attention(t, query, key, project("V", v as Value), {
			...{ nHeads, nKvHeads, dHead, mask, output },
			scale: c.attentionScale[layer] as number,
			emptyRows: padded,
			past: past?.(layer),
		});
	};
	const parts = { ...{ nHeads, nKvHeads, dHead, attn }, ln1: normOf("ln1") };
	const run = (x: Value): Value => {
		if (c.attnOnly) return parallelBlock(t, x, parts);
		const both = { ...parts, ln2: normOf("ln2"), mlp: mlpAt(t, c, `${at}.mlp`) };
		return c.parallel ? parallelBlock(t, x, both) : preNormBlock(t, x, both);
	};
	return t.call(at, run, resid);
}

export function unembed(t: Trace, c: HookedConfig, resid: Value): Value {
	const final = c.normalization ? t.call("ln_final", norm(t, hookedNorm("ln_final", c)), resid) : resid;
	const matrix = weight("unembed.W_U", [c.dModel, c.vocab]);
	const bias = weight("unembed.b_U", [c.vocab]);
	return t.call("unembed", (x) => linear(x, { weight: matrix, bias }), final); // [batch, pos, vocab]
}

/** [pos, d_model], or [batch, pos, d_model] where rows are padded. */
function positionRows(c: HookedConfig, positions: Value): Value {
	return gather(weight("pos_embed.W_pos", [c.nCtx, c.dModel]), positions);
}

/** W [head, d_model, d_head] as one matrix [d_model, head * d_head]. */
function headProjection({ nHeads, dModel, dHead }: HookedConfig, at: string, which: string): Linear {
	const perHead = transpose(weight(`${at}.W_${which}`, [nHeads, dModel, dHead]), [1, 0, 2]);
	return {
		weight: reshape(perHead, [dModel, nHeads * dHead]),
		bias: reshape(weight(`${at}.b_${which}`, [nHeads, dHead]), [nHeads * dHead]),
	};
}

function mlpAt(t: Trace, { dModel: d, dMlp, activation }: HookedConfig, at: string): ModuleFn {
	const up = { weight: weight(`${at}.W_in`, [d, dMlp]), bias: weight(`${at}.b_in`, [dMlp]) };
	const down = { weight: weight(`${at}.W_out`, [dMlp, d]), bias: weight(`${at}.b_out`, [d]) };
	const act = ACTIVATIONS[activation] as (typeof ACTIVATIONS)[string];
	return mlp(t, { act, up, down });
}
