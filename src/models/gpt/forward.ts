import { add, expand, gather, weight } from "../../graph/ops/index.js";
import type { ModuleFn, Trace } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import { ACTIVATIONS } from "../../nn/activation.js";
import { attention } from "../../nn/attention.js";
import { parallelBlock, preNormBlock } from "../../nn/block.js";
import { linear } from "../../nn/linear.js";
import { mlp } from "../../nn/mlp.js";
import { norm } from "../../nn/norm.js";
import { rotation } from "../../nn/rope.js";
import type { ModelInputs } from "../family.js";
import { toLinear } from "../projection.js";
import type { GptConfig } from "./config.js";
import { projectedHeads } from "./heads.js";
import { blockNorm, type GptModules, layerNorm, outerNames, positionsName, projections } from "./weights.js";

export function embed(t: Trace, m: GptModules, c: GptConfig, { tokens, positions }: ModelInputs): Value {
	const rows = gather(weight(`${outerNames(m).embedding}.weight`, [c.vocab, c.dModel]), tokens);
	const embedded = t.hook("hook_embed", rows); // [batch, pos, d_model]
	const name = positionsName(m);
	if (name === undefined) return embedded;
	const table = weight(name, [c.nCtx + c.positionOffset, c.dModel]);
	const at = c.positionOffset === 0 ? positions : add(positions, c.positionOffset);
	return add(embedded, t.hook("hook_pos_embed", expand(gather(table, at), embedded.shape)));
}

export function block(
	t: Trace,
	m: GptModules,
	c: GptConfig,
	layer: number,
	resid: Value,
	inputs: ModelInputs,
): Value {
	const { nHeads, nKvHeads, dHead } = c;
	const w = projections(m, c, layer);
	const normOf = (which: "ln1" | "ln2"): ModuleFn | undefined => {
		const name = blockNorm(m, which, layer);
		return name === undefined ? undefined : norm(t, layerNorm(name, c));
	};
	const window = c.windows[layer];
	const slides = window !== undefined && window < c.nCtx;
	const output = toLinear(w.o);
	const act = ACTIVATIONS[c.activation] as (typeof ACTIVATIONS)[string];
	const parts = {
		...{ nHeads, nKvHeads, dHead },
		ln1: normOf("ln1"),
		attn: (...qkv: Value[]): Value =>
			attention(t, ...projectedHeads(qkv as [Value, Value, Value], w, c), {
				...{ nHeads, nKvHeads, dHead, output },
				scale: c.scale,
				mask: slides ? inputs.windowed(window) : inputs.mask,
				emptyRows: inputs.padded,
				rotation: c.rope && rotation(inputs.positions, c.rope),
				past: inputs.past?.(layer),
			}),
		ln2: normOf("ln2"),
		mlp: mlp(t, { act, up: toLinear(w.up), down: toLinear(w.down) }),
	};
	const run = c.parallel ? parallelBlock : preNormBlock;
	return t.call(`blocks.${layer}`, (x) => run(t, x, parts), resid);
}

export function unembed(t: Trace, m: GptModules, c: GptConfig, resid: Value): Value {
	const { embedding, finalNorm, unembedding } = outerNames(m);
	const final = t.call("ln_final", norm(t, layerNorm(finalNorm, c)), resid);
	const matrix = weight(`${c.tied ? embedding : unembedding}.weight`, [c.vocab, c.dModel]);
	const bias = c.unembedBias ? weight(`${unembedding}.bias`, [c.vocab]) : undefined;
	return t.call("unembed", (x) => linear(x, { weight: matrix, bias, transposed: true }), final); // [batch, pos, vocab]
}
