import type { Projection } from "../projection.js";
import type { StoredWeight, WeightLayout } from "../weight-layout.js";
import type { DecoderConfig } from "./config.js";
import { blockNorms, EMBEDDING, FINAL_NORM, projections, UNEMBEDDING } from "./weights.js";

/** Where the weights of the usual names are. */
export function decoderLayout(c: DecoderConfig): WeightLayout {
	return {
		"embed.W_E": {
			weight: EMBEDDING,
			axes: ["vocab", "d_model"],
			...(c.embedScale !== 1 && { factor: c.embedScale }),
		},
		...Object.assign({}, ...Array.from({ length: c.nLayers }, (_, layer) => blockLayout(c, layer))),
		"ln_final.w": gain(c, FINAL_NORM, ["d_model"]),
		"unembed.W_U": { weight: c.tied ? EMBEDDING : UNEMBEDDING, axes: ["vocab", "d_model"] },
	};
}

function blockLayout(c: DecoderConfig, layer: number): WeightLayout {
	const [at, usual] = [`model.layers.${layer}`, `blocks.${layer}`];
	const w = projections(c, layer);
	const norms = Object.entries(blockNorms(c)).map(([which, name]) => [
		`${usual}.${which}.w`,
		gain(c, `${at}.${name}.weight`, ["d_model"]),
	]);
	const matrices = [
		...(w.qkv ? fusedHeads(c, w.qkv) : []),
		...([
			["attn.Q", w.q, ["head", "d_head", "d_model"]],
			["attn.K", w.k, ["kv_head", "d_head", "d_model"]],
			["attn.V", w.v, ["kv_head", "d_head", "d_model"]],
			["attn.O", w.o, ["d_model", "head", "d_head"]],
			["mlp.gate", w.gate, ["d_mlp", "d_model"]],
			["mlp.in", w.up, ["d_mlp", "d_model"]],
			["mlp.gate", w.gateUp, ["part", "d_mlp", "d_model"], { part: [0, 2] }],
			["mlp.in", w.gateUp, ["part", "d_mlp", "d_model"], { part: [1, 2] }],
			["mlp.out", w.down, ["d_model", "d_mlp"]],
		] satisfies Matrix[]),
	];
	return {
		...Object.fromEntries(norms),
		...Object.assign({}, ...matrices.map((matrix) => stored(usual, matrix))),
		...qkNorms(c, `${at}.self_attn`, `${usual}.attn`),
	};
}

type Axes = StoredWeight["axes"];

/** A matrix by its usual name, and where it lies in a projection, if the architecture has that one. */
type Matrix = readonly [
	name: string,
	projection: Projection | undefined,
	axes: Axes,
	place?: Pick<StoredWeight, "part" | "rows">,
];

/** Queries, keys and values one below the other. */
function fusedHeads({ nHeads, nKvHeads }: DecoderConfig, qkv: Projection): Matrix[] {
	const of = nHeads + 2 * nKvHeads;
	return [
		["attn.Q", qkv, ["head", "d_head", "d_model"], { rows: [0, of] }],
		["attn.K", qkv, ["kv_head", "d_head", "d_model"], { rows: [nHeads, of] }],
		["attn.V", qkv, ["kv_head", "d_head", "d_model"], { rows: [nHeads + nKvHeads, of] }],
	];
}

/** A matrix and its bias, which has the axes that come out: all but the last of [out, in]. */
function stored(usual: string, [name, projection, axes, place]: Matrix): WeightLayout {
	if (!projection) return {};
	const { name: at, bias } = projection;
	const outward = axes[0] === "d_model" ? (["d_model"] as const) : axes.slice(0, -1);
	return {
		[`${usual}.${name.replace(".", ".W_")}`]: { weight: `${at}.weight`, axes, ...place },
		...(bias && {
			[`${usual}.${name.replace(".", ".b_")}`]: { weight: `${at}.bias`, axes: outward, ...place },
		}),
	};
}

function qkNorms(c: DecoderConfig, at: string, usual: string): WeightLayout {
	if (!c.qkNorm) return {};
	const whole = c.qkNorm === "heads";
	return {
		[`${usual}.q_norm.w`]: gain(c, `${at}.q_norm.weight`, whole ? ["head", "d_head"] : ["d_head"]),
		[`${usual}.k_norm.w`]: gain(c, `${at}.k_norm.weight`, whole ? ["kv_head", "d_head"] : ["d_head"]),
	};
}

/** What a norm multiplies with. */
function gain({ unitOffset }: DecoderConfig, weight: string, axes: Axes): StoredWeight {
	return { weight, axes, ...(unitOffset && { offset: 1 }) };
}
