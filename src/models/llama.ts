import * as z from "zod";
import { gather, mul, weight } from "../graph/ops/index.js";
import { ACTIVATIONS } from "../nn/activation.js";
import { attention } from "../nn/attention.js";
import { preNormBlock } from "../nn/block.js";
import { type Linear, linear, projectToHeads } from "../nn/linear.js";
import { type Norm, norm } from "../nn/norm.js";
import { type RopeConfig, rotation } from "../nn/rope.js";
import type { GgufValue } from "../weights/index.js";
import { count, layerCount, parseWith } from "./config-schema.js";
import { type Dimensions, type Family, ModelError, type WeightDeclaration } from "./family.js";
import type { StoredWeight, WeightLayout } from "./weight-layout.js";

/** Llama (Touvron et al. 2023) and its kin: RMSNorm, rotary positions, gated MLP, grouped-query attention. */
export interface LlamaConfig extends Dimensions {
	readonly eps: number;
	readonly activation: string;
	readonly tied: boolean;
	readonly attentionBias: boolean;
	readonly mlpBias: boolean;
	readonly rope: RopeConfig;
	/** The file stores divisors of the rotary frequencies (GGUF's form of Llama 3 scaling). */
	readonly ropeFactors: boolean;
}

const ropeSchema = z
	.strictObject({
		rope_type: z.enum(["default", "linear", "llama3"]).optional(),
		type: z.enum(["default", "linear", "llama3"]).optional(),
		rope_theta: z.number().positive().optional(),
		factor: z.number().positive().optional(),
		low_freq_factor: z.number().positive().optional(),
		high_freq_factor: z.number().positive().optional(),
		original_max_position_embeddings: count.optional(),
	})
	.nullish();

const schema = {
	hidden_size: count,
	intermediate_size: count,
	num_hidden_layers: layerCount,
	num_attention_heads: count,
	num_key_value_heads: count.nullish(),
	head_dim: count.nullish(),
	vocab_size: count,
	max_position_embeddings: count.default(2048),
	rms_norm_eps: z.number().positive().default(1e-6),
	hidden_act: z.enum(Object.keys(ACTIVATIONS) as [string, ...string[]]).default("silu"),
	attention_bias: z.boolean().default(false),
	mlp_bias: z.boolean().default(false),
	tie_word_embeddings: z.boolean().default(false),
	rope_theta: z.number().positive().optional(),
	rope_scaling: ropeSchema,
	rope_parameters: ropeSchema,
	/** Ours: set when the weights come from a GGUF file with a rope_freqs tensor. */
	rope_factors: z.boolean().default(false),
};

export const llama: Family<LlamaConfig> = {
	name: "llama",
	doc: "Llama: RMSNorm, rotary positions (linear and llama3 scaling), gated MLP, grouped-query attention, biases",
	architectures: ["LlamaForCausalLM", "LlamaModel"],
	modelType: "llama",
	norm: "rms",

	parseConfig(config) {
		const c = parseWith("llama", schema, config);
		const nKvHeads = c.num_key_value_heads ?? c.num_attention_heads;
		if (c.num_attention_heads % nKvHeads !== 0) {
			throw new ModelError(
				`config.json (llama): num_attention_heads ${c.num_attention_heads} is not a multiple of num_key_value_heads ${nKvHeads}`,
			);
		}
		const dHead = c.head_dim ?? c.hidden_size / c.num_attention_heads;
		if (!Number.isInteger(dHead) || dHead % 2 !== 0) {
			throw new ModelError(
				`config.json (llama): head_dim ${dHead} is not an even whole number, which rotary positions need`,
			);
		}
		return {
			nLayers: c.num_hidden_layers,
			nHeads: c.num_attention_heads,
			nKvHeads,
			dModel: c.hidden_size,
			dHead,
			dMlp: c.intermediate_size,
			vocab: c.vocab_size,
			nCtx: c.max_position_embeddings,
			eps: c.rms_norm_eps,
			activation: c.hidden_act,
			tied: c.tie_word_embeddings,
			attentionBias: c.attention_bias,
			mlpBias: c.mlp_bias,
			rope: readRope(c.rope_parameters ?? c.rope_scaling, c.rope_theta, dHead, c.max_position_embeddings),
			ropeFactors: c.rope_factors,
		};
	},

	weights(c) {
		const layers = Array.from({ length: c.nLayers }, (_, l) => projections(c, l));
		return [
			{ name: "model.embed_tokens.weight", shape: [c.vocab, c.dModel] },
			...layers.flatMap((layer, l) => [
				{ name: `model.layers.${l}.input_layernorm.weight`, shape: [c.dModel] },
				...Object.values(layer).flatMap(declare),
				{ name: `model.layers.${l}.post_attention_layernorm.weight`, shape: [c.dModel] },
			]),
			{ name: "model.norm.weight", shape: [c.dModel] },
			...(c.tied ? [] : [{ name: "lm_head.weight", shape: [c.vocab, c.dModel] }]),
			...(c.ropeFactors ? [{ name: "rope_freqs.weight", shape: [c.dHead / 2] }] : []),
		];
	},

	layout(c) {
		const block = (l: number): WeightLayout => {
			const [at, usual] = [`model.layers.${l}`, `blocks.${l}`];
			const matrix = (
				name: string,
				weight: string,
				axes: StoredWeight["axes"],
				bias: boolean,
			): WeightLayout => ({
				[`${usual}.${name.replace(".", ".W_")}`]: { weight: `${at}.${weight}.weight`, axes },
				...(bias && {
					[`${usual}.${name.replace(".", ".b_")}`]: {
						weight: `${at}.${weight}.bias`,
						// stored [out, in]: a bias has the axes that come out
						axes: axes[0] === "d_model" ? ["d_model"] : axes.slice(0, -1),
					},
				}),
			});
			return {
				[`${usual}.ln1.w`]: { weight: `${at}.input_layernorm.weight`, axes: ["d_model"] },
				...matrix("attn.Q", "self_attn.q_proj", ["head", "d_head", "d_model"], c.attentionBias),
				...matrix("attn.K", "self_attn.k_proj", ["kv_head", "d_head", "d_model"], c.attentionBias),
				...matrix("attn.V", "self_attn.v_proj", ["kv_head", "d_head", "d_model"], c.attentionBias),
				...matrix("attn.O", "self_attn.o_proj", ["d_model", "head", "d_head"], c.attentionBias),
				[`${usual}.ln2.w`]: { weight: `${at}.post_attention_layernorm.weight`, axes: ["d_model"] },
				...matrix("mlp.gate", "mlp.gate_proj", ["d_mlp", "d_model"], c.mlpBias),
				...matrix("mlp.in", "mlp.up_proj", ["d_mlp", "d_model"], c.mlpBias),
				...matrix("mlp.out", "mlp.down_proj", ["d_model", "d_mlp"], c.mlpBias),
			};
		};
		const embedding = "model.embed_tokens.weight";
		return {
			"embed.W_E": { weight: embedding, axes: ["vocab", "d_model"] },
			...Object.assign({}, ...Array.from({ length: c.nLayers }, (_, l) => block(l))),
			"ln_final.w": { weight: "model.norm.weight", axes: ["d_model"] },
			"unembed.W_U": { weight: c.tied ? embedding : "lm_head.weight", axes: ["vocab", "d_model"] },
		};
	},

	untied: (c) => ({ ...c, tied: false }),

	rename(name) {
		if (name.endsWith(".rotary_emb.inv_freq")) return undefined;
		return /^(model\.|lm_head\.|rope_freqs\.)/.test(name) ? name : `model.${name}`;
	},

	gguf: {
		architecture: "llama",
		keys: [
			"attention.head_count",
			"attention.head_count_kv",
			"attention.key_length",
			"attention.layer_norm_rms_epsilon",
			"attention.value_length",
			"block_count",
			"context_length",
			"embedding_length",
			"feed_forward_length",
			"rope.dimension_count",
			"rope.freq_base",
			"rope.scaling.factor",
			"rope.scaling.finetuned",
			"rope.scaling.original_context_length",
			"rope.scaling.type",
			"vocab_size",
		],
		config: (metadata, shapeOf) => ggufConfig(metadata, shapeOf),
		entry: (name, { nHeads, nKvHeads }) => {
			const fixed: Record<string, string> = {
				"model.embed_tokens": "token_embd",
				"model.norm": "output_norm",
				lm_head: "output",
				rope_freqs: "rope_freqs",
			};
			const inBlock: Record<string, string> = {
				input_layernorm: "attn_norm",
				"self_attn.q_proj": "attn_q",
				"self_attn.k_proj": "attn_k",
				"self_attn.v_proj": "attn_v",
				"self_attn.o_proj": "attn_output",
				post_attention_layernorm: "ffn_norm",
				"mlp.gate_proj": "ffn_gate",
				"mlp.up_proj": "ffn_up",
				"mlp.down_proj": "ffn_down",
			};
			const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(name) as RegExpExecArray;
			const [, layer, inner] = /^model\.layers\.(\d+)\.(.+)$/.exec(module as string) ?? [];
			const entry = inner === undefined ? fixed[module as string] : `blk.${layer}.${inBlock[inner]}`;
			const heads = inner === "self_attn.q_proj" ? nHeads : inner === "self_attn.k_proj" ? nKvHeads : 0;
			return {
				entry: `${entry}.${kind}`,
				...(heads > 0 && { transform: { kind: "unpermute" as const, heads } }),
			};
		},
	},

	embed(t, c, { tokens }) {
		return t.hook("hook_embed", gather(weight("model.embed_tokens.weight", [c.vocab, c.dModel]), tokens)); // [batch, pos, d_model]
	},

	block(t, c, layer, resid, { positions, mask, padded, past }) {
		const w = projections(c, layer);
		const gain = (name: string): Norm => rmsNorm(`model.layers.${layer}.${name}`, c);
		const factors = c.ropeFactors ? weight("rope_freqs.weight", [c.dHead / 2]) : undefined;
		const act = ACTIVATIONS[c.activation] as (typeof ACTIVATIONS)[string];
		return t.call(
			`blocks.${layer}`,
			(x) =>
				preNormBlock(t, x, {
					...c,
					ln1: norm(t, gain("input_layernorm")),
					attn: (...inputs) => {
						const [q, k, v] = inputs as [typeof x, typeof x, typeof x];
						return attention(
							t,
							projectToHeads(q, toLinear(w.q), c.nHeads, c.dHead),
							projectToHeads(k, toLinear(w.k), c.nKvHeads, c.dHead),
							projectToHeads(v, toLinear(w.v), c.nKvHeads, c.dHead),
							{
								...c,
								scale: c.dHead ** -0.5,
								mask,
								emptyRows: padded,
								rotation: rotation(positions, c.rope, factors),
								past: past?.(layer),
								output: toLinear(w.o),
							},
						);
					},
					ln2: norm(t, gain("post_attention_layernorm")),
					mlp: (y) => {
						const gate = t.hook("hook_pre", linear(y, toLinear(w.gate))); // [batch, pos, d_mlp]
						const up = t.hook("hook_pre_linear", linear(y, toLinear(w.up)));
						return linear(t.hook("hook_post", mul(act(gate), up)), toLinear(w.down));
					},
				}),
			resid,
		);
	},

	unembed(t, c, resid) {
		const final = t.call("ln_final", norm(t, rmsNorm("model.norm", c)), resid);
		const matrix = weight(c.tied ? "model.embed_tokens.weight" : "lm_head.weight", [c.vocab, c.dModel]);
		return t.call("unembed", (x) => linear(x, { weight: matrix, transposed: true }), final); // [batch, pos, vocab]
	},
};

/** A projection as Hugging Face stores it: weight [out, in]. */
interface Projection {
	name: string;
	input: number;
	output: number;
	bias: boolean;
}

function projections(
	c: LlamaConfig,
	layer: number,
): Record<"q" | "k" | "v" | "o" | "gate" | "up" | "down", Projection> {
	const at = (name: string, input: number, output: number, bias: boolean): Projection => ({
		name: `model.layers.${layer}.${name}`,
		input,
		output,
		bias,
	});
	const { dModel: d, dMlp } = c;
	const [queries, kv] = [c.nHeads * c.dHead, c.nKvHeads * c.dHead];
	return {
		q: at("self_attn.q_proj", d, queries, c.attentionBias),
		k: at("self_attn.k_proj", d, kv, c.attentionBias),
		v: at("self_attn.v_proj", d, kv, c.attentionBias),
		o: at("self_attn.o_proj", queries, d, c.attentionBias),
		gate: at("mlp.gate_proj", d, dMlp, c.mlpBias),
		up: at("mlp.up_proj", d, dMlp, c.mlpBias),
		down: at("mlp.down_proj", dMlp, d, c.mlpBias),
	};
}

function declare({ name, input, output, bias }: Projection): WeightDeclaration[] {
	const matrix = { name: `${name}.weight`, shape: [output, input] };
	return bias ? [matrix, { name: `${name}.bias`, shape: [output] }] : [matrix];
}

function toLinear({ name, input, output, bias }: Projection): Linear {
	return {
		weight: weight(`${name}.weight`, [output, input]),
		bias: bias ? weight(`${name}.bias`, [output]) : undefined,
		transposed: true,
	};
}

function rmsNorm(name: string, { dModel, eps }: LlamaConfig): Norm {
	return { kind: "rms", eps, weight: weight(`${name}.weight`, [dModel]) };
}

function readRope(
	scaling: z.output<typeof ropeSchema>,
	theta: number | undefined,
	dim: number,
	context: number,
): RopeConfig {
	const base = { theta: scaling?.rope_theta ?? theta ?? 10000, dim };
	const kind = scaling?.rope_type ?? scaling?.type ?? "default";
	if (!scaling || kind === "default") return base;
	const need = (key: "factor" | "low_freq_factor" | "high_freq_factor"): number => {
		const value = scaling[key];
		if (value === undefined)
			throw new ModelError(`config.json (llama): rope scaling "${kind}" needs "${key}"`);
		return value;
	};
	if (kind === "linear") return { ...base, scaling: { kind, factor: need("factor") } };
	return {
		...base,
		scaling: {
			kind,
			factor: need("factor"),
			lowFrequencyFactor: need("low_freq_factor"),
			highFrequencyFactor: need("high_freq_factor"),
			originalContext: scaling.original_max_position_embeddings ?? context,
		},
	};
}

function ggufConfig(
	metadata: Readonly<Record<string, GgufValue>>,
	shapeOf: (entry: string) => readonly number[] | undefined,
): unknown {
	const at = (key: string): GgufValue | undefined => metadata[`llama.${key}`];
	const rotated = at("rope.dimension_count");
	const dHead =
		at("attention.key_length") ?? Number(at("embedding_length")) / Number(at("attention.head_count"));
	if (rotated !== undefined && rotated !== dHead) {
		throw new ModelError(
			`llama.rope.dimension_count: ${rotated} of ${dHead} channels; partial rotation is not supported`,
		);
	}
	const dValue = at("attention.value_length") ?? dHead;
	if (dValue !== dHead) {
		throw new ModelError(
			`llama.attention.value_length: ${dValue} differs from key_length ${dHead}; not supported`,
		);
	}
	const scaling = at("rope.scaling.type");
	return {
		hidden_size: at("embedding_length"),
		intermediate_size: at("feed_forward_length"),
		num_hidden_layers: at("block_count"),
		num_attention_heads: at("attention.head_count"),
		num_key_value_heads: at("attention.head_count_kv"),
		head_dim: dHead,
		vocab_size: shapeOf("token_embd.weight")?.[0],
		max_position_embeddings: at("context_length"),
		rms_norm_eps: at("attention.layer_norm_rms_epsilon"),
		rope_theta: at("rope.freq_base"),
		...(scaling !== undefined &&
			scaling !== "none" && { rope_scaling: { type: scaling, factor: at("rope.scaling.factor") } }),
		tie_word_embeddings: shapeOf("output.weight") === undefined,
		attention_bias: shapeOf("blk.0.attn_q.bias") !== undefined,
		rope_factors: shapeOf("rope_freqs.weight") !== undefined,
	};
}
