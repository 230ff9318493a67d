import { Tensor } from "../tensor/index.js";
import type { Row } from "./row.js";
import type { HeadScore } from "./score.js";

const feed = "entropy/weights";

/** Below this, p ln p is 0 to single precision, and ln stays finite. */
const TINY = 1e-30;

function mean(values: readonly number[]): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Entropies of the uniform rows: ln(number of visible keys). */
function uniform({ tokens }: Row): number {
	return mean(tokens.map((_, q) => Math.log(q + 1)));
}

/**
 * How spread out a head's attention is, in nats: the mean over queries of -sum of A[q, k] ln A[q, k].
 * 0 where each query attends to one token. Source: the row entropy of Neuronpedia's head metrics (HeadVis).
 */
export const entropy: HeadScore = {
	name: "entropy",
	doc: "mean entropy of the attention of a token, in nats",
	range: [0, Number.POSITIVE_INFINITY],
	samples: "repeat",
	needs: ["pattern"],
	control: false,
	queries: ({ tokens }) => [...tokens.keys()],
	baseline: uniform,
	feeds: ({ rows, length }) => {
		const weights = Tensor.zeros([rows.length, length]);
		for (const [r, { places }] of rows.entries()) {
			for (const place of places) weights.data[r * length + place] = 1 / places.length;
		}
		return { [feed]: weights };
	},
	graph: (at, g) => {
		const pattern = at("pattern");
		const [batch, , query] = pattern.shape as [string, number, string, string];
		const products = g.mul(pattern, g.log(g.maximum(pattern, TINY)));
		const entropies = g.neg(g.sum(products, -1, { keepDims: false })); // [batch, head, query]
		const weights = g.unsqueeze(g.input(feed, "float32", [batch, query]), 1);
		return g.sum(g.mul(entropies, weights), -1, { keepDims: false });
	},
	host: (at, feeds) => {
		const { data, shape } = at("pattern");
		const [batch, heads, queries, keys] = shape as [number, number, number, number];
		const weights = feeds[feed] as Tensor;
		const out = Tensor.zeros([batch, heads]);
		for (let i = 0; i < out.size; i++) {
			let sum = 0;
			for (let q = 0; q < queries; q++) {
				let row = 0;
				for (let k = 0; k < keys; k++) {
					const p = Number(data[(i * queries + q) * keys + k]);
					row -= p * Math.log(Math.max(p, TINY));
				}
				sum += row * Number(weights.data[Math.floor(i / heads) * queries + q]);
			}
			out.data[i] = sum;
		}
		return out;
	},
	ideal: ({ rows, length }) => {
		const pattern = Tensor.zeros([rows.length, 1, length, length]);
		for (const [r, { places }] of rows.entries()) {
			for (const [q, query] of places.entries()) {
				for (const key of places.slice(0, q + 1)) {
					pattern.data[(r * length + query) * length + key] = 1 / (q + 1);
				}
			}
		}
		return { points: { pattern }, score: mean(rows.map(uniform)) };
	},
};
