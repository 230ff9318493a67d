import { encodeTokens } from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";

export interface PlainOutput {
	/** Predictions [batch, example, 1]. */
	readonly ys: Tensor;
	/** Attention patterns of each block, [batch, head, query, key]. */
	readonly patterns: readonly Tensor[];
}

/** The in-context regression transformer in plain loops and double precision, to make predictions for tests. */
export function plainModel(weights: ReadonlyMap<string, Tensor>, layers: number, heads: number) {
	const at = (name: string): Tensor => {
		const tensor = weights.get(`token_sequence_transformer.${name}`);
		if (!tensor) throw new Error(`no weight ${name}`);
		return tensor;
	};

	const linear = (x: readonly number[], name: string, bias = true): number[] => {
		const { data, shape } = at(`${name}.weight`);
		const [out, width] = shape as [number, number];
		return Array.from({ length: out }, (_, o) => {
			let sum = bias ? at(`${name}.bias`).at(o) : 0;
			for (let i = 0; i < width; i++) sum += Number(data[o * width + i]) * (x[i] as number);
			return sum;
		});
	};

	const norm = (x: readonly number[], name: string): number[] => {
		const mean = x.reduce((a, b) => a + b) / x.length;
		const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
		const [gain, bias] = [at(`${name}.weight`), at(`${name}.bias`)];
		return x.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * gain.at(i) + bias.at(i));
	};

	const add = (...all: readonly (readonly number[])[]): number[] =>
		(all[0] as number[]).map((_, i) => all.reduce((sum, x) => sum + (x[i] as number), 0));

	return (xs: Tensor, ys: Tensor): PlainOutput => {
		const tokens = encodeTokens(xs, ys);
		const [batch, length] = tokens.shape as [number, number, number];
		const patterns = Array.from({ length: layers }, () => Tensor.zeros([batch, heads, length, length]));
		const predictions = Tensor.zeros([batch, length / 2, 1]);
		const places = at("postn_embedding.weight");
		for (let b = 0; b < batch; b++) {
			let stream = Array.from({ length }, (_, t) => {
				const token = Array.from(tokens.select(b).select(t).data, Number);
				return linear(token, "token_embedding", false).map((x, e) => x + places.at(e, t));
			});
			for (let l = 0; l < layers; l++) {
				const block = `blocks.${l}`;
				const qkv = stream.map((x) =>
					linear(norm(x, `${block}.layer_norms.0`), `${block}.attention.attention`, false),
				);
				const c = (qkv[0] as number[]).length / heads / 3;
				const mixed = stream.map((_, i): number[] =>
					Array.from({ length: heads }, (_, h) => {
						const part = (t: number, third: number): number[] =>
							(qkv[t] as number[]).slice((h * 3 + third) * c, (h * 3 + third + 1) * c);
						const scores = Array.from({ length: i + 1 }, (_, j) => {
							const key = part(j, 1);
							return part(i, 0).reduce((sum, q, e) => sum + q * (key[e] as number), 0) / Math.sqrt(c);
						});
						const most = Math.max(...scores);
						const total = scores.reduce((sum, s) => sum + Math.exp(s - most), 0);
						const z = Array<number>(c).fill(0);
						for (const [j, score] of scores.entries()) {
							const p = Math.exp(score - most) / total;
							(patterns[l] as Tensor).data[((b * heads + h) * length + i) * length + j] = p;
							for (const [e, v] of part(j, 2).entries()) z[e] = (z[e] as number) + p * v;
						}
						return z;
					}).flat(),
				);
				stream = stream.map((x, t) => {
					const z = mixed[t] as number[];
					const output = `${block}.attention.output`;
					const a = weights.has(`token_sequence_transformer.${output}.weight`) ? linear(z, output, false) : z;
					const hidden = linear(norm(add(x, a), `${block}.layer_norms.1`), `${block}.compute.0`);
					return add(
						x,
						x,
						a,
						linear(
							hidden.map((v) => Math.max(0, v)),
							`${block}.compute.2`,
						),
					);
				});
			}
			for (let k = 0; k < length / 2; k++) {
				const out = linear(norm(stream[2 * k] as number[], "unembedding.0"), "unembedding.1");
				predictions.data[(b * length) / 2 + k] = out[0] as number;
			}
		}
		return { ys: predictions, patterns };
	};
}
