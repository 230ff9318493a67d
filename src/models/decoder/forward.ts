import { gather, mul, split, weight } from "../../graph/ops/index.js";
import type { ModuleFn, Trace } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import { ACTIVATIONS } from "../../nn/activation.js";
import { attention } from "../../nn/attention.js";
import { preNormBlock } from "../../nn/block.js";
import { gatedMlp } from "../../nn/gated-mlp.js";
import { type Linear, linear, projectToHeads, toHeads } from "../../nn/linear.js";
import { norm } from "../../nn/norm.js";
import type { QkNorm } from "../../nn/qk-norm.js";
import { rotation } from "../../nn/rope.js";
import { softCap } from "../../nn/soft-cap.js";
import type { ModelInputs } from "../family.js";
import { type Projection, toLinear } from "../projection.js";
import type { DecoderConfig } from "./config.js";
import {
	type BlockNorm,
	blockNorms,
	EMBEDDING,
	FINAL_NORM,
	type Projections,
	projections,
	qkNormWidths,
	ROPE_FACTORS,
	rmsNorm,
	UNEMBEDDING,
} from "./weights.js";

export function embed(t: Trace, c: DecoderConfig, { tokens }: ModelInputs): Value {
	const rows = gather(weight(EMBEDDING, [c.vocab, c.dModel]), tokens); // [batch, pos, d_model]
	return t.hook("hook_embed", c.embedScale === 1 ? rows : mul(rows, c.embedScale));
}

export function block(t: Trace, c: DecoderConfig, layer: number, resid: Value, inputs: ModelInputs): Value {
	const { nHeads, nKvHeads, dHead } = c;
	const at = `model.layers.${layer}`;
	const w = projections(c, layer);
	const names = blockNorms(c);
	const normOf = (which: BlockNorm): ModuleFn | undefined => {
		const name = names[which];
		return name === undefined ? undefined : norm(t, rmsNorm(`${at}.${name}.weight`, c.dModel, c));
	};
	const rope = c.ropes[layer];
	const factors = c.ropeFactors ? weight(ROPE_FACTORS, [dHead / 2]) : undefined;
	const window = c.windows[layer];
	const slides = window !== undefined && window < c.nCtx;
	const output = toLinear(w.o);
	const attn = (...qkv: Value[]): Value =>
		attention(t, ...projectedHeads(qkv as Three, w, c), {
			...{ nHeads, nKvHeads, dHead, output },
			scale: c.scale,
			mask: slides ? inputs.windowed(window) : inputs.mask,
			emptyRows: inputs.padded,
			qkNorm: queryKeyNorm(at, c),
			scoreCap: c.scoreCap,
			rotation: rope ? rotation(inputs.positions, rope, factors) : "none",
			past: inputs.past?.(layer),
		});
	const act = ACTIVATIONS[c.activation] as (typeof ACTIVATIONS)[string];
	return t.call(
		`blocks.${layer}`,
		(x) =>
			preNormBlock(t, x, {
				...{ nHeads, nKvHeads, dHead, attn },
				ln1: normOf("ln1"),
				ln1Post: normOf("ln1_post"),
				ln2: normOf("ln2"),
				mlp: gatedMlp(t, { act, project: (y) => gateAndUp(y, w, c), down: toLinear(w.down) }),
				ln2Post: normOf("ln2_post"),
			}),
		resid,
	);
}

export function unembed(t: Trace, c: DecoderConfig, resid: Value): Value {
	const final = t.call("ln_final", norm(t, rmsNorm(FINAL_NORM, c.dModel, c)), resid);
	const matrix = weight(c.tied ? EMBEDDING : UNEMBEDDING, [c.vocab, c.dModel]);
	const logits = (x: Value): Value => softCap(linear(x, { weight: matrix, transposed: true }), c.logitCap);
	return t.call("unembed", logits, final); // [batch, pos, vocab]
}

type Three = [Value, Value, Value];

/** q, k, v as [batch, pos, head or kv_head, d_head]; of one matrix by one product, unless the inputs were split. */
function projectedHeads([q, k, v]: Three, w: Projections, { nHeads, nKvHeads, dHead }: DecoderConfig): Three {
	const counts = [nHeads, nKvHeads, nKvHeads] as const;
	const sizes = counts.map((heads) => heads * dHead);
	if (w.qkv && q === k && k === v && q.rank === 3) {
		const joined = split(linear(q, toLinear(w.qkv)), -1, sizes);
		return joined.map((x, i) => toHeads(x, counts[i] as number)) as Three;
	}
	const own = w.qkv
		? parts(w.qkv, sizes)
		: [w.q, w.k, w.v].map((projection) => toLinear(projection as Projection));
	return [q, k, v].map((x, i) => projectToHeads(x, own[i] as Linear, counts[i] as number, dHead)) as Three;
}

/** Gate and up projection, both [batch, pos, d_mlp]. */
function gateAndUp(x: Value, { gateUp, gate, up }: Projections, { dMlp }: DecoderConfig): [Value, Value] {
	if (gateUp) return split(linear(x, toLinear(gateUp)), -1, [dMlp, dMlp]) as [Value, Value];
	return [linear(x, toLinear(gate as Projection)), linear(x, toLinear(up as Projection))];
}

/** A matrix cut into those that it holds, along what comes out. */
function parts(projection: Projection, sizes: readonly number[]): Linear[] {
	const { weight: matrix, bias } = toLinear(projection);
	const biases = bias ? split(bias, 0, sizes) : [];
	return split(matrix, 0, sizes).map((rows, i) => ({ weight: rows, bias: biases[i], transposed: true }));
}

function queryKeyNorm(at: string, c: DecoderConfig): QkNorm | undefined {
	const widths = qkNormWidths(c);
	if (!widths || !c.qkNorm) return undefined;
	const of = (which: "q" | "k") => rmsNorm(`${at}.self_attn.${which}_norm.weight`, widths[which], c);
	return { q: of("q"), k: of("k"), of: c.qkNorm };
}
