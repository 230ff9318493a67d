import {
	add,
	concat,
	constant,
	expand,
	input,
	layerNormalize,
	matmul,
	mean,
	mul,
	relu,
	reshape,
	slice,
	softmax,
	split,
	sub,
	transpose,
	unsqueeze,
	weight,
} from "../../graph/ops/index.js";
import type { Value } from "../../graph/value.js";
import { Tensor } from "../../tensor/index.js";
import type { RegressionConfig } from "./config.js";
import { parameters, ROOT, unembedding } from "./weights.js";

/** Feeds of the loss: xs [batch, example, task_size] and ys [batch, example, 1]. */
export const LOSS_FEEDS = { xs: "xs", ys: "ys" } as const;

/**
 * Mean squared error of the predicted ys over batch and examples, as a graph of concrete extents. It is the
 * model's function of its weights, written so that a training step makes fewer passes over activations:
 *
 * - Weights that read a norm's output take its gain and bias into them (TransformerLens' fold_ln).
 * - A bias of the keys shifts a query's scores alike and is left out; one of the values passes through.
 * - q, k and v are three products, since the pieces of one would be copied apart.
 * - Only the tokens of the xs predict, so the last block computes only their rows.
 *
 * All of it changes numbers by rounding only. The gradients go to the weights as they are stored.
 */
export function regressionLoss(config: RegressionConfig, batch: number, examples: number): Value {
	const c = config;
	const shapes = new Map(parameters(c).map(({ name, shape }) => [name, shape]));
	const get = (name: string): Value => weight(name, shapes.get(name) as readonly number[]);
	// activations are [pos, batch, ..]: to put heads in front then moves one axis, which the runtime does fast
	const swapped = (name: string, width: number): Value =>
		transpose(input(name, "float32", [batch, examples, width]), [1, 0, 2]);
	const xs = swapped(LOSS_FEEDS.xs, c.taskSize);
	const ys = swapped(LOSS_FEEDS.ys, 1);
	const zeros = (width: number): Value => expand(constant(0), [examples, 1, batch, width]);
	const xTokens = concat([zeros(1), unsqueeze(xs, 1)], -1);
	const yTokens = concat([unsqueeze(ys, 1), zeros(c.taskSize)], -1);
	const length = 2 * examples;
	const tokens = reshape(concat([xTokens, yTokens], 1), [length, batch, c.taskSize + 1]);

	const embedding = get(`${ROOT}.token_embedding.weight`);
	const positions = transpose(slice(get(`${ROOT}.postn_embedding.weight`), 1, 0, length)); // [pos, d_model]
	let x = add(times(tokens, embedding), unsqueeze(positions, 1)); // [pos, batch, d_model]
	for (let layer = 0; layer < c.nLayers; layer++) {
		const block = (name: string): Value => get(`${ROOT}.blocks.${layer}.${name}`);
		x = trainedBlock(c, block, x, layer === c.nLayers - 1);
	}
	const last = unembedding(c);
	const [row, bias] = ["weight", "bias"].map((kind) => slice(get(`${last}.${kind}`), 0, 0, 1)) as [
		Value,
		Value,
	];
	const read = reader(c, (kind) => get(`${ROOT}.unembedding.0.${kind}`));
	const predicted = add(times(normalized(c, x), read.weight(row)), read.bias(row, bias)); // [example, batch, 1]
	const error = sub(predicted, ys);
	return mean(mul(error, error), [0, 1, 2], { keepDims: false });
}

/** A block, with the stream x [pos, batch, d_model] before it to that after it; the last one keeps every second row. */
function trainedBlock(c: RegressionConfig, get: (name: string) => Value, x: Value, last: boolean): Value {
	const { nHeads, dHead, dModel: e } = c;
	const rows = last ? everySecond : (v: Value): Value => v;
	const readAttention = reader(c, (kind) => get(`layer_norms.0.${kind}`));
	const readMlp = reader(c, (kind) => get(`layer_norms.1.${kind}`));
	// each head's slice holds its q, k and v rows: [head, 3, d_head, d_model]
	const sorted = transpose(reshape(get("attention.attention.weight"), [nHeads, 3, dHead, e]), [1, 0, 2, 3]);
	const qkv = reshape(sorted, [3 * e, e]);
	// the norm goes into all three at once: small operations cost as much as their number
	const thirds = (v: Value | undefined): readonly Value[] => (v ? split(v, 0, [e, e, e]) : []);
	const [wq, wk, wv] = thirds(readAttention.weight(qkv)) as [Value, Value, Value];
	const [queryBias, , valueBias] = thirds(readAttention.bias(qkv));
	const output = c.includeOutput ? get("attention.output.weight") : undefined;

	const normed = normalized(c, x);
	const heads = (v: Value): Value => {
		const [pos, batch] = v.shape as [number, number];
		return transpose(reshape(v, [pos, batch, nHeads, dHead]), [1, 2, 0, 3]); // [batch, head, pos, d_head]
	};
	const biased = (v: Value, bias: Value | undefined): Value => (bias ? add(v, bias) : v);
	const q = heads(biased(times(rows(normed), wq), queryBias));
	const k = heads(times(normed, wk));
	const v = heads(times(normed, wv));
	const scores = matmul(q, k, { transposeB: true, alpha: dHead ** -0.5 }); // [batch, head, query, key]
	const mixed = matmul(softmax(add(scores, causalBias(scores))), v);
	const z = reshape(transpose(mixed, [2, 0, 1, 3]), rows(x).shape);
	const attended = output ? times(z, output) : z;
	const a = biased(
		attended,
		valueBias && output ? reshape(times(reshape(valueBias, [1, e]), output), [e]) : valueBias,
	);

	const kept = rows(x);
	const mid = add(kept, a);
	const [w0, w2] = [get("compute.0.weight"), get("compute.2.weight")];
	const hidden = relu(
		add(times(normalized(c, mid), readMlp.weight(w0)), readMlp.bias(w0, get("compute.0.bias"))),
	);
	const m = add(times(hidden, w2), get("compute.2.bias"));
	// the stream counts a block's input twice
	return add(add(kept, mid), m);
}

/** x [.., in] times a weight as stored [out, in]. */
function times(x: Value, matrix: Value): Value {
	return matmul(x, matrix, { transposeB: true });
}

/** What a layer that reads a norm's output has to be when the norm has no gain and bias of its own. */
interface Reader {
	weight(matrix: Value): Value;
	bias(matrix: Value): Value | undefined;
	bias(matrix: Value, own: Value): Value;
}

function reader(c: RegressionConfig, norm: (kind: "weight" | "bias") => Value): Reader {
	const bias = (matrix: Value, own?: Value): Value | undefined => {
		if (!c.layerNorm) return own;
		const folded = reshape(matmul(matrix, reshape(norm("bias"), [c.dModel, 1])), [matrix.dim(0)]);
		return own ? add(own, folded) : folded;
	};
	return {
		weight: (matrix) => (c.layerNorm ? mul(matrix, norm("weight")) : matrix),
		bias: bias as Reader["bias"],
	};
}

/** The norm without gain and bias. */
function normalized(c: RegressionConfig, x: Value): Value {
	return c.layerNorm ? layerNormalize(x, 1e-5).normalized : x;
}

/** Rows of the xs' tokens [example, batch, d_model] from those of all [pos, batch, d_model]. */
function everySecond(x: Value): Value {
	const [length, batch, width] = x.shape as [number, number, number];
	const [even] = split(reshape(x, [length / 2, 2, batch, width]), 1, [1, 1]) as [Value, Value];
	return reshape(even, [length / 2, batch, width]);
}

/** 0 where a key is not later than the query, else -Infinity: [query, key], where queries may be every second. */
function causalBias(scores: Value): Value {
	const [queries, keys] = scores.shape.slice(-2) as [number, number];
	const bias = Tensor.full([queries, keys], Number.NEGATIVE_INFINITY);
	for (let query = 0; query < queries; query++) {
		const position = (query * keys) / queries;
		bias.data.fill(0, query * keys, query * keys + position + 1);
	}
	return constant(bias);
}
