import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { SaeConfig } from "./sae.js";

/** A value on its way into an autoencoder: [batch, pos, d_in]. */
export interface SaeInput {
	readonly x: Value;
	/** Undoes the scaling for what was decoded from `x`, a difference or, with `shift`, a reconstruction. */
	back(decoded: Value): Value;
	/** What is added to a reconstruction after `back`: the mean that "layer_norm" took away. */
	readonly shift?: Value;
}

/** In "layer_norm": added to the standard deviation. */
const EPS = 1e-5;

/** The value as the encoder is trained to see it, before the centre is subtracted. */
export function prepared(
	g: G,
	value: Value,
	{ normalization, dIn, joinsHeads, transcoder }: SaeConfig,
): SaeInput {
	const [batch, pos] = value.shape as [string, string];
	const x = joinsHeads ? g.reshape(value, [batch, pos, dIn]) : value;
	const same = (decoded: Value): Value => decoded;
	if (normalization === "none") return { x, back: same };
	if (normalization === "constant_norm_rescale") {
		const norm = g.mul(g.sqrt(g.sum(g.mul(x, x), -1)), dIn ** -0.5); // [batch, pos, 1]
		return { x: g.div(x, norm), back: transcoder ? same : (decoded) => g.mul(decoded, norm) };
	}
	const mean = g.mean(x, -1);
	const centred = g.sub(x, mean);
	const deviation = g.sqrt(g.mul(g.sum(g.mul(centred, centred), -1), 1 / (dIn - 1)));
	return {
		x: g.div(centred, g.add(deviation, EPS)),
		back: transcoder ? same : (decoded) => g.mul(decoded, deviation),
		...(!transcoder && { shift: mean }),
	};
}

/** Weights of features, by feature: [.., feature]; the encoder [.., feature, d_in]. */
export interface EncoderValues {
	readonly encoder: Value;
	/** [.., d_in] */
	readonly center: Value;
	readonly scale: Value;
	readonly bias: Value;
	readonly above: Value;
}

/** Activations [batch, pos, feature] of the features whose weights are given; for "topk" these must be all. */
export function encoded(
	g: G,
	x: Value,
	{ encoder, center, scale, bias, above }: EncoderValues,
	{ architecture, k }: SaeConfig,
): Value {
	const u = g.matmul(g.sub(x, center), encoder, { transposeB: true });
	const pre = g.add(g.mul(u, scale), bias);
	if (architecture === "topk")
		return g.where(g.greaterEqual(pre, kthLargest(g, pre, k as number)), g.relu(pre), 0);
	return architecture === "standard" ? g.relu(pre) : g.where(g.greater(u, above), g.relu(pre), 0);
}

/** The k-th largest entry along the last axis: [.., 1]. */
function kthLargest(g: G, pre: Value, k: number): Value {
	return g.slice(g.topK(pre, k).values, -1, k - 1, k);
}
