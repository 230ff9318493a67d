import { add, expand, gather, relu, split, transpose, weight } from "../../graph/ops/index.js";
import type { Trace } from "../../graph/trace.js";
import type { Value } from "../../graph/value.js";
import { attention } from "../../nn/attention.js";
import { type Linear, linear, toHeads } from "../../nn/linear.js";
import { norm } from "../../nn/norm.js";
import type { Family, ModelInputs } from "../family.js";
import type { WeightLayout } from "../weight-layout.js";
import { type RegressionConfig, type RegressionTask, regressionConfig } from "./config.js";
import { parameters, ROOT, unembedding } from "./weights.js";

/**
 * The in-context linear regression transformer of timaeus-research/icl. Its modules have the original's
 * paths and the points inside them the usual hook names.
 *
 * Its blocks count their input twice: a block returns x + a + m and is added to x again, so that
 * x <- 2 x + a + m, while the MLP reads x + a.
 */
export const regression: Family<RegressionConfig> = {
	name: "regression",
	doc: "in-context linear regression transformer: vectors as tokens, heads' q/k/v interleaved, double residual",
	norm: "layer",
	hasNorms: (c) => c.layerNorm,
	residualGrowth: 2,
	parseConfig: (config) => regressionConfig(config as RegressionTask),
	weights: parameters,
	layout,
	rename: (name) => (name.endsWith(".causal_mask") ? undefined : name),
	root: ROOT,
	tokenWidth: ({ taskSize }) => taskSize + 1,
	modulePoints: cachedPaths,

	embed(t, c, { tokens, positions }) {
		const width = c.taskSize + 1;
		const embedding: Linear = {
			weight: weight(`${ROOT}.token_embedding.weight`, [c.dModel, width]),
			transposed: true,
		};
		// a linear layer that is never called: its columns are the positions' vectors
		const table = transpose(weight(`${ROOT}.postn_embedding.weight`, [c.dModel, c.nCtx])); // [pos, d_model]
		const embedded = t.call("token_embedding", (x) => linear(x, embedding), tokens);
		const rows = gather(table, positions); // [(batch,) pos, d_model]
		const positional = t.hook("hook_pos_embed", expand(rows, embedded.shape));
		return add(t.hook("hook_embed", embedded), positional); // [batch, pos, d_model]
	},

	block(t, c, layer, resid, inputs) {
		const name = `blocks.${layer}`;
		const x = t.hook(`${name}.hook_resid_pre`, resid);
		const output = t.call(name, (input) => blockOutput(t, c, layer, input, inputs), x);
		return t.hook(`${name}.hook_resid_post`, add(x, output));
	},

	unembed(t, c, resid) {
		const project = (x: Value): Value => linear(x, affine(unembedding(c), c.taskSize + 1, c.dModel));
		if (!c.layerNorm) return t.call("unembedding", project, resid); // [batch, pos, task_size + 1]
		const norm = normModule(t, c, `${ROOT}.unembedding.0`, "0", "ln_final");
		return t.call({ module: "unembedding", points: "" }, (x) => t.call("1", project, norm(x)), resid);
	},
};

/** Heads' q, k and v lie side by side; a token is a vector, which the embedding's "vocab" counts the numbers of. */
function layout(c: RegressionConfig): WeightLayout {
	const norm = (name: string, usual: string): WeightLayout =>
		c.layerNorm
			? {
					[`${usual}.w`]: { weight: `${name}.weight`, axes: ["d_model"] },
					[`${usual}.b`]: { weight: `${name}.bias`, axes: ["d_model"] },
				}
			: {};
	const block = (l: number): WeightLayout => {
		const [at, usual] = [`${ROOT}.blocks.${l}`, `blocks.${l}`];
		const qkv = ["Q", "K", "V"].map(
			(which, i): WeightLayout => ({
				[`${usual}.attn.W_${which}`]: {
					weight: `${at}.attention.attention.weight`,
					axes: [which === "Q" ? "head" : "kv_head", "part", "d_head", "d_model"],
					part: [i, 3],
				},
			}),
		);
		return {
			...norm(`${at}.layer_norms.0`, `${usual}.ln1`),
			...Object.assign({}, ...qkv),
			...(c.includeOutput && {
				[`${usual}.attn.W_O`]: {
					weight: `${at}.attention.output.weight`,
					axes: ["d_model", "head", "d_head"],
				},
			}),
			...norm(`${at}.layer_norms.1`, `${usual}.ln2`),
			[`${usual}.mlp.W_in`]: { weight: `${at}.compute.0.weight`, axes: ["d_mlp", "d_model"] },
			[`${usual}.mlp.b_in`]: { weight: `${at}.compute.0.bias`, axes: ["d_mlp"] },
			[`${usual}.mlp.W_out`]: { weight: `${at}.compute.2.weight`, axes: ["d_model", "d_mlp"] },
			[`${usual}.mlp.b_out`]: { weight: `${at}.compute.2.bias`, axes: ["d_model"] },
		};
	};
	return {
		"embed.W_E": { weight: `${ROOT}.token_embedding.weight`, axes: ["d_model", "vocab"] },
		"pos_embed.W_pos": { weight: `${ROOT}.postn_embedding.weight`, axes: ["d_model", "pos"] },
		...Object.assign({}, ...Array.from({ length: c.nLayers }, (_, l) => block(l))),
		...norm(`${ROOT}.unembedding.0`, "ln_final"),
		"unembed.W_U": { weight: `${unembedding(c)}.weight`, axes: ["vocab", "d_model"] },
		"unembed.b_U": { weight: `${unembedding(c)}.bias`, axes: ["vocab"] },
	};
}

/** x + a + m: without the stream itself. */
function blockOutput(
	t: Trace,
	c: RegressionConfig,
	layer: number,
	x: Value,
	{ mask, padded, past }: ModelInputs,
): Value {
	const path = `${ROOT}.blocks.${layer}`;
	const { dModel: e, dMlp: f } = c;
	const normed = normModule(t, c, `${path}.layer_norms.0`, "layer_norms.0", "ln1")(x);
	const attend = (y: Value): Value => {
		const qkv: Linear = {
			weight: weight(`${path}.attention.attention.weight`, [3 * e, e]),
			transposed: true,
		};
		// each head's slice is its q, k and v; not all heads' q first
		const fused = toHeads(
			t.call("attention", (z) => linear(z, qkv), y),
			c.nHeads,
		);
		const [q, k, v] = split(fused, -1, Array<number>(3).fill(c.dHead)) as [Value, Value, Value];
		return attention(t, q, k, v, {
			...c,
			scale: c.dHead ** -0.5,
			mask,
			emptyRows: padded,
			past: past?.(layer),
			modules: { softmax: "attention_softmax", output: "output" },
			...(c.includeOutput && {
				output: { weight: weight(`${path}.attention.output.weight`, [e, e]), transposed: true },
			}),
		});
	};
	const a = t.hook("hook_attn_out", t.call({ module: "attention", points: "attn" }, attend, normed));
	const mid = t.hook(
		"hook_resid_mid",
		t.call("resid_after_attn", (r) => r, add(x, a)),
	);
	const mlpIn = normModule(t, c, `${path}.layer_norms.1`, "layer_norms.1", "ln2")(mid);
	const compute = (x: Value): Value => {
		const pre = t.call("0", (y) => linear(y, affine(`${path}.compute.0`, f, e)), x);
		const post = t.call("1", relu, t.hook("mlp.hook_pre", pre));
		return t.call("2", (y) => linear(y, affine(`${path}.compute.2`, e, f)), t.hook("mlp.hook_post", post));
	};
	const m = t.call({ module: "compute", points: "" }, compute, mlpIn);
	return add(mid, t.hook("hook_mlp_out", m));
}

/** A norm as the module `module` with its points under `points`; without norms the module does nothing. */
function normModule(
	t: Trace,
	c: RegressionConfig,
	path: string,
	module: string,
	points: string,
): (x: Value) => Value {
	const name = { module, points };
	if (!c.layerNorm) return (x) => t.call(name, (y) => y, x);
	const parts = {
		kind: "layer",
		eps: 1e-5,
		weight: weight(`${path}.weight`, [c.dModel]),
		bias: weight(`${path}.bias`, [c.dModel]),
	} as const;
	return (x) => t.call(name, norm(t, parts), x);
}

function affine(path: string, out: number, width: number): Linear {
	return {
		weight: weight(`${path}.weight`, [out, width]),
		bias: weight(`${path}.bias`, [out]),
		transposed: true,
	};
}

/** Modules whose outputs the original's cache holds, in its order: parents before children, as constructed. */
export function cachedPaths(c: RegressionConfig): string[] {
	const inBlock = [
		"",
		".attention",
		".attention.attention",
		".attention.attention_softmax",
		...(c.includeOutput ? [".attention.output"] : []),
		...[0, 1, 2].map((i) => `.compute.${i}`),
		".layer_norms.0",
		".layer_norms.1",
		".resid_after_attn",
	];
	return [
		ROOT,
		`${ROOT}.token_embedding`,
		...Array.from({ length: c.nLayers }, (_, l) => inBlock.map((m) => `${ROOT}.blocks.${l}${m}`)).flat(),
		...(c.layerNorm ? [`${ROOT}.unembedding.0`] : []),
		unembedding(c),
	];
}
