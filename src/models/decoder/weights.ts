import { add, weight } from "../../graph/ops/index.js";
import type { Norm } from "../../nn/norm.js";
import type { WeightDeclaration } from "../family.js";
import { declare, type Projection } from "../projection.js";
import type { DecoderConfig } from "./config.js";

export const EMBEDDING = "model.embed_tokens.weight";
export const UNEMBEDDING = "lm_head.weight";
export const FINAL_NORM = "model.norm.weight";
export const ROPE_FACTORS = "rope_freqs.weight";

/** The matrices of a layer. q, k, v and gate, up are absent where `qkv` and `gateUp` hold them. */
export type Projections = Readonly<
	Record<"o" | "down", Projection> &
		Partial<Record<"q" | "k" | "v" | "qkv" | "gate" | "up" | "gateUp", Projection>>
>;

export function projections(c: DecoderConfig, layer: number): Projections {
	const at = (name: string, input: number, output: number, bias: boolean): Projection => ({
		name: `model.layers.${layer}.${name}`,
		input,
		output,
		bias,
	});
	const { dModel: d, dMlp } = c;
	const [queries, kv] = [c.nHeads * c.dHead, c.nKvHeads * c.dHead];
	const o = at("self_attn.o_proj", queries, d, c.outputBias);
	const down = at("mlp.down_proj", dMlp, d, c.mlpBias);
	if (c.fused) {
		const qkv = at("self_attn.qkv_proj", d, queries + 2 * kv, c.qkvBias);
		return { qkv, o, gateUp: at("mlp.gate_up_proj", d, 2 * dMlp, c.mlpBias), down };
	}
	return {
		q: at("self_attn.q_proj", d, queries, c.qkvBias),
		k: at("self_attn.k_proj", d, kv, c.qkvBias),
		v: at("self_attn.v_proj", d, kv, c.qkvBias),
		o,
		gate: at("mlp.gate_proj", d, dMlp, c.mlpBias),
		up: at("mlp.up_proj", d, dMlp, c.mlpBias),
		down,
	};
}

/** The norms of a block by their usual names. */
export type BlockNorm = "ln1" | "ln1_post" | "ln2" | "ln2_post";

/** What a block's norms are called in the file: the same name means another place where there are norms behind. */
export function blockNorms({ norms }: Pick<DecoderConfig, "norms">): Partial<Record<BlockNorm, string>> {
	const behind = { ln1_post: "post_attention_layernorm", ln2_post: "post_feedforward_layernorm" };
	if (norms === "behind") return behind;
	if (norms === "both") return { ...behind, ln1: "input_layernorm", ln2: "pre_feedforward_layernorm" };
	return { ln1: "input_layernorm", ln2: "post_attention_layernorm" };
}

/** Channels of a layer's query and key norms. */
export function qkNormWidths(c: DecoderConfig): { readonly q: number; readonly k: number } | undefined {
	if (!c.qkNorm) return undefined;
	return c.qkNorm === "head"
		? { q: c.dHead, k: c.dHead }
		: { q: c.nHeads * c.dHead, k: c.nKvHeads * c.dHead };
}

/** Every weight of a decoder, in the order of a run. */
export function decoderWeights(c: DecoderConfig): WeightDeclaration[] {
	const gain = (name: string, width: number): WeightDeclaration => ({ name, shape: [width] });
	const layer = (l: number): WeightDeclaration[] => {
		const at = `model.layers.${l}`;
		const { ln1, ...others } = blockNorms(c);
		const qk = Object.entries(qkNormWidths(c) ?? {});
		return [
			...(ln1 ? [gain(`${at}.${ln1}.weight`, c.dModel)] : []),
			...Object.values(projections(c, l)).flatMap(declare),
			...qk.map(([which, width]) => gain(`${at}.self_attn.${which}_norm.weight`, width)),
			...Object.values(others).map((name) => gain(`${at}.${name}.weight`, c.dModel)),
		];
	};
	return [
		{ name: EMBEDDING, shape: [c.vocab, c.dModel] },
		...Array.from({ length: c.nLayers }, (_, l) => layer(l)).flat(),
		gain(FINAL_NORM, c.dModel),
		...(c.tied ? [] : [{ name: UNEMBEDDING, shape: [c.vocab, c.dModel] }]),
		...(c.ropeFactors ? [gain(ROPE_FACTORS, c.dHead / 2)] : []),
	];
}

/** A norm as values of the graph: the weight `name` [width], or 1 more than it. */
export function rmsNorm(name: string, width: number, { eps, unitOffset }: DecoderConfig): Norm {
	const stored = weight(name, [width]);
	return { kind: "rms", eps, weight: unitOffset ? add(stored, 1) : stored };
}
