import * as z from "zod/mini";
import { add, expand, gather, split, weight } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { ACTIVATIONS } from "../nn/activation.js";
import { attention } from "../nn/attention.js";
import { preNormBlock } from "../nn/block.js";
import { type Linear, linear, projectToHeads, toHeads } from "../nn/linear.js";
import { mlp } from "../nn/mlp.js";
import { type Norm, norm } from "../nn/norm.js";
import { activation, configReader, count, layerCount, positive, readSizes } from "./config-schema.js";
import type { Dimensions, Family } from "./family.js";
import type { WeightLayout } from "./weight-layout.js";

/** GPT-2 (Radford et al. 2019): learned positions, LayerNorm, fused q, k, v. */
export interface Gpt2Config extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	readonly tied: boolean;
	/** Logits have a bias, which only processed weights have. */
	readonly unembedBias: boolean;
	/** Factor on q k^T for each layer. */
	readonly attentionScale: readonly number[];
}

const read = configReader("gpt2", {
	n_embd: count,
	n_layer: layerCount,
	n_head: count,
	n_positions: count,
	vocab_size: count,
	n_inner: z.nullish(count),
	layer_norm_epsilon: z._default(positive, 1e-5),
	activation_function: z._default(activation, "gelu_new"),
	scale_attn_weights: z._default(z.boolean(), true),
	scale_attn_by_inverse_layer_idx: z._default(z.boolean(), false),
	tie_word_embeddings: z._default(z.boolean(), true),
	add_cross_attention: z._default(z.literal(false), false),
});

export const gpt2: Family<Gpt2Config> = {
	name: "gpt2",
	doc: "GPT-2: learned positions, LayerNorm, fused q/k/v; attention scale and activation variants",
	norm: "layer",

	parseConfig(config) {
		const c = read(config);
		const sizes = readSizes("gpt2", {
			layers: c.n_layer,
			heads: c.n_head,
			width: c.n_embd,
			mlp: c.n_inner,
			vocab: c.vocab_size,
			context: c.n_positions,
		});
		const scale = c.scale_attn_weights ? sizes.dHead ** -0.5 : 1;
		return {
			...sizes,
			eps: c.layer_norm_epsilon,
			activation: c.activation_function,
			tied: c.tie_word_embeddings,
			unembedBias: false,
			attentionScale: Array.from({ length: c.n_layer }, (_, l) =>
				c.scale_attn_by_inverse_layer_idx ? scale / (l + 1) : scale,
			),
		};
	},

	weights({ nLayers, dModel: d, dMlp, vocab, nCtx, tied, unembedBias }) {
		const affine = (name: string, i: number, o: number) => [
			{ name: `${name}.weight`, shape: [i, o] },
			{ name: `${name}.bias`, shape: [o] },
		];
		const gain = (name: string) => [
			{ name: `${name}.weight`, shape: [d] },
			{ name: `${name}.bias`, shape: [d] },
		];
		return [
			{ name: "wte.weight", shape: [vocab, d] },
			{ name: "wpe.weight", shape: [nCtx, d] },
			...Array.from({ length: nLayers }, (_, l) => `h.${l}`).flatMap((h) => [
				...gain(`${h}.ln_1`),
				...affine(`${h}.attn.c_attn`, d, 3 * d),
				...affine(`${h}.attn.c_proj`, d, d),
				...gain(`${h}.ln_2`),
				...affine(`${h}.mlp.c_fc`, d, dMlp),
				...affine(`${h}.mlp.c_proj`, dMlp, d),
			]),
			...gain("ln_f"),
			...(tied ? [] : [{ name: "lm_head.weight", shape: [vocab, d] }]),
			...(unembedBias ? [{ name: "lm_head.bias", shape: [vocab] }] : []),
		];
	},

	layout({ nLayers, tied, unembedBias }) {
		const norm = (name: string, usual: string): WeightLayout => ({
			[`${usual}.w`]: { weight: `${name}.weight`, axes: ["d_model"] },
			[`${usual}.b`]: { weight: `${name}.bias`, axes: ["d_model"] },
		});
		const block = (l: number): WeightLayout => {
			const [h, usual] = [`h.${l}`, `blocks.${l}`];
			const qkv = ["Q", "K", "V"].map((which, i): WeightLayout => {
				const head = which === "Q" ? "head" : "kv_head";
				return {
					[`${usual}.attn.W_${which}`]: {
						weight: `${h}.attn.c_attn.weight`,
						axes: ["d_model", "part", head, "d_head"],
						part: [i, 3],
					},
					[`${usual}.attn.b_${which}`]: {
						weight: `${h}.attn.c_attn.bias`,
						axes: ["part", head, "d_head"],
						part: [i, 3],
					},
				};
			});
			return {
				...norm(`${h}.ln_1`, `${usual}.ln1`),
				...Object.assign({}, ...qkv),
				[`${usual}.attn.W_O`]: { weight: `${h}.attn.c_proj.weight`, axes: ["head", "d_head", "d_model"] },
				[`${usual}.attn.b_O`]: { weight: `${h}.attn.c_proj.bias`, axes: ["d_model"] },
				...norm(`${h}.ln_2`, `${usual}.ln2`),
				[`${usual}.mlp.W_in`]: { weight: `${h}.mlp.c_fc.weight`, axes: ["d_model", "d_mlp"] },
				[`${usual}.mlp.b_in`]: { weight: `${h}.mlp.c_fc.bias`, axes: ["d_mlp"] },
				[`${usual}.mlp.W_out`]: { weight: `${h}.mlp.c_proj.weight`, axes: ["d_mlp", "d_model"] },
				[`${usual}.mlp.b_out`]: { weight: `${h}.mlp.c_proj.bias`, axes: ["d_model"] },
			};
		};
		return {
			"embed.W_E": { weight: "wte.weight", axes: ["vocab", "d_model"] },
			"pos_embed.W_pos": { weight: "wpe.weight", axes: ["pos", "d_model"] },
			...Object.assign({}, ...Array.from({ length: nLayers }, (_, l) => block(l))),
			...norm("ln_f", "ln_final"),
			"unembed.W_U": { weight: tied ? "wte.weight" : "lm_head.weight", axes: ["vocab", "d_model"] },
			...(unembedBias && { "unembed.b_U": { weight: "lm_head.bias", axes: ["vocab"] } }),
		};
	},

	untied: (c) => ({ ...c, tied: false, unembedBias: true }),

	// what is added to the residual stream, twice in each layer, starts smaller (Radford et al. 2019)
	initialFactor: ({ nLayers }, name) => (name.endsWith(".c_proj.weight") ? (2 * nLayers) ** -0.5 : 1),

	rename(name) {
		// causal masks were once stored as buffers
		if (/\.attn\.(bias|masked_bias)$/.test(name)) return undefined;
		return name.replace(/^transformer\./, "");
	},

	gguf: {
		keys: [
			"attention.head_count",
			"attention.layer_norm_epsilon",
			"block_count",
			"context_length",
			"embedding_length",
			"feed_forward_length",
			"vocab_size",
		],
		config: (metadata, shapeOf) => ({
			n_embd: metadata["gpt2.embedding_length"],
			n_layer: metadata["gpt2.block_count"],
			n_head: metadata["gpt2.attention.head_count"],
			n_positions: metadata["gpt2.context_length"],
			n_inner: metadata["gpt2.feed_forward_length"],
			layer_norm_epsilon: metadata["gpt2.attention.layer_norm_epsilon"],
			vocab_size: shapeOf("token_embd.weight")?.[0],
			tie_word_embeddings: shapeOf("output.weight") === undefined,
		}),
		entry(name) {
			const fixed: Record<string, string> = {
				wte: "token_embd",
				wpe: "position_embd",
				ln_f: "output_norm",
				lm_head: "output",
			};
			const inBlock: Record<string, string> = {
				ln_1: "attn_norm",
				"attn.c_attn": "attn_qkv",
				"attn.c_proj": "attn_output",
				ln_2: "ffn_norm",
				"mlp.c_fc": "ffn_up",
				"mlp.c_proj": "ffn_down",
			};
			const [, layer, module, kind] = /^(?:h\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name) as RegExpExecArray;
			const entry =
				layer === undefined ? fixed[module as string] : `blk.${layer}.${inBlock[module as string]}`;
			// llama.cpp stores matrices [out, in]
			const matrix = kind === "weight" && module?.includes(".");
			return { entry: `${entry}.${kind}`, ...(matrix && { transform: { kind: "transpose" as const } }) };
		},
	},

	embed(t, c, { tokens, positions }) {
		const embed = t.hook("hook_embed", gather(weight("wte.weight", [c.vocab, c.dModel]), tokens)); // [batch, pos, d_model]
		const rows = gather(weight("wpe.weight", [c.nCtx, c.dModel]), positions); // [(batch,) pos, d_model]
		return add(embed, t.hook("hook_pos_embed", expand(rows, embed.shape)));
	},

	block(t, c, layer, resid, { mask, padded, past }) {
		const h = `h.${layer}`;
		const d = c.dModel;
		const affine = (name: string, i: number, o: number): Linear => ({
			weight: weight(`${h}.${name}.weight`, [i, o]),
			bias: weight(`${h}.${name}.bias`, [o]),
		});
		const gain = (name: string): Norm => layerNorm(`${h}.${name}`, c);
		const qkv = affine("attn.c_attn", d, 3 * d);
		const output = affine("attn.c_proj", d, d);
		const up = affine("mlp.c_fc", d, c.dMlp);
		const down = affine("mlp.c_proj", c.dMlp, d);
		const act = ACTIVATIONS[c.activation] as (typeof ACTIVATIONS)[string];
		return t.call(
			`blocks.${layer}`,
			(x) =>
				preNormBlock(t, x, {
					...c,
					ln1: norm(t, gain("ln_1")),
					attn: (...inputs) => {
						const [q, k, v] = splitHeads(inputs as Three, qkv, c);
						const scale = c.attentionScale[layer] as number;
						return attention(t, q, k, v, {
							...c,
							scale,
							mask,
							emptyRows: padded,
							past: past?.(layer),
							output,
						});
					},
					ln2: norm(t, gain("ln_2")),
					mlp: mlp(t, { act, up, down }),
				}),
			resid,
		);
	},

	unembed(t, c, resid) {
		const final = t.call("ln_final", norm(t, layerNorm("ln_f", c)), resid);
		const matrix = weight(c.tied ? "wte.weight" : "lm_head.weight", [c.vocab, c.dModel]);
		const bias = c.unembedBias ? weight("lm_head.bias", [c.vocab]) : undefined;
		return t.call("unembed", (x) => linear(x, { weight: matrix, bias, transposed: true }), final); // [batch, pos, vocab]
	},
};

function layerNorm(name: string, { dModel, eps }: Gpt2Config): Norm {
	return {
		kind: "layer",
		eps,
		weight: weight(`${name}.weight`, [dModel]),
		bias: weight(`${name}.bias`, [dModel]),
	};
}

type Three = [Value, Value, Value];

/** q, k, v as [batch, pos, head, d_head]: one product where they share an input, three where it was split. */
function splitHeads([q, k, v]: Three, qkv: Linear, { nHeads, dHead, dModel: d }: Gpt2Config): Three {
	const parts = [d, d, d];
	if (q === k && k === v && q.rank === 3) {
		return split(linear(q, qkv), -1, parts).map((x) => toHeads(x, nHeads)) as Three;
	}
	const weights = split(qkv.weight, 1, parts);
	const biases = split(qkv.bias as Value, 0, parts);
	return [q, k, v].map((x, i) =>
		projectToHeads(x, { weight: weights[i] as Value, bias: biases[i] }, nHeads, dHead),
	) as Three;
}
