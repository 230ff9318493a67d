import { Tensor } from "../tensor/index.js";
import type { Row } from "./row.js";
import { ScoreError } from "./row.js";
import type { HeadScore } from "./score.js";

const DIRECTIONS = "copying/directions";
const ATTENDABLE = "copying/attendable";
const WEIGHTS = "copying/weights";

/** What a head that writes nothing is divided by. */
const TINY = 1e-30;

/** Positions that hold a token for the first time. */
function firsts({ tokens }: Row): boolean[] {
	return tokens.map((token, position) => tokens.indexOf(token) === position);
}

/** Queries that can attend to two different tokens at least: with one there is nothing to choose. */
function queries(row: Row): number[] {
	const first = firsts(row);
	return [...row.tokens.keys()].filter((q) => first.slice(0, q + 1).filter(Boolean).length > 1);
}

/**
 * Copying of Olsson et al. 2022 ("In-context Learning and Induction Heads", head activation evaluators): how
 * far a head raises the logit of the token that it attends to above those of the sample's other tokens.
 *
 * For query q the head's result is read through the unembedding (the final norm's weight folded in, its scale
 * left out, since it cancels): a logit c_j for every token that q can attend to, their mean subtracted.
 * r_q = sum over k of A[q, k] relu(c_k) / sum over j of |c_j|, from 0 to 1/2, and the score is the mean over
 * q >= 1 of 4 r_q - 1, from -1 to 1: 1 for a head that raises exactly what it attends to. As the c_j sum to 0,
 * sum |c_j| = 2 sum relu(c_j). The paper does not say how soft attention picks "the attended token"; here
 * each token counts as much as it is attended to. 25 different random tokens.
 */
export const copying: HeadScore = {
	name: "copying",
	doc: "how far the attended token's logit is raised above the others' (Olsson et al.), -1 to 1",
	range: [-1, 1],
	samples: "random",
	needs: ["pattern", "result"],
	needsUnembedding: true,
	control: false,
	queries,
	// uniform attention takes the same share of every raise
	baseline: (row) => {
		const shares = queries(row).map((q) => 2 / (q + 1) - 1);
		return shares.reduce((a, b) => a + b, 0) / shares.length;
	},
	feeds: (batch, unembedding) => {
		if (!unembedding) throw new ScoreError("internal: copying was given no unembedding");
		const { rows, length } = batch;
		const found = rows.map(({ tokens }) => unembedding(tokens));
		const width = found[0]?.shape[1] ?? 0;
		const directions = Tensor.zeros([rows.length, length, width]);
		const attendable = Tensor.zeros([rows.length, length, length]);
		const weights = Tensor.zeros([rows.length, length]);
		for (const [r, row] of rows.entries()) {
			const first = firsts(row);
			const counted = queries(row);
			// every row of `attendable` has an entry, so that no mean of nothing is taken where there is padding
			for (let q = 0; q < length; q++) attendable.data[(r * length + q) * length + q] = 1;
			for (const [q, place] of row.places.entries()) {
				directions.data.set((found[r] as Tensor<"float32">).select(q).data, (r * length + place) * width);
				for (const [k, key] of row.places.slice(0, q + 1).entries()) {
					attendable.data[(r * length + place) * length + key] = first[k] ? 1 : 0;
				}
			}
			for (const q of counted) weights.data[r * length + (row.places[q] as number)] = 1 / counted.length;
		}
		return { [DIRECTIONS]: directions, [ATTENDABLE]: attendable, [WEIGHTS]: weights };
	},
	graph: (at, g) => {
		const result = at("result");
		const [batch, pos, , width] = result.shape as [string, string, number, number];
		const directions = g.unsqueeze(g.input(DIRECTIONS, "float32", [batch, pos, width]), 1);
		const attendable = g.unsqueeze(g.input(ATTENDABLE, "float32", [batch, pos, pos]), 1);
		const weights = g.unsqueeze(g.input(WEIGHTS, "float32", [batch, pos]), 1);
		const logits = g.matmul(g.transpose(result, [0, 2, 1, 3]), directions, { transposeB: true }); // [batch, head, query, key]
		const average = g.div(g.sum(g.mul(logits, attendable), -1), g.sum(attendable, -1));
		const raised = g.relu(g.sub(logits, average));
		const all = g.maximum(g.sum(g.mul(raised, attendable), -1, { keepDims: false }), TINY);
		const attended = g.sum(g.mul(raised, at("pattern")), -1, { keepDims: false });
		const ratio = g.sum(g.mul(g.div(attended, all), weights), -1, { keepDims: false });
		return g.sub(g.mul(ratio, 2), 1);
	},
	host: (at, feeds) => {
		const [pattern, result] = [at("pattern"), at("result")];
		const [batch, heads, length] = pattern.shape as [number, number, number, number];
		const [directions, attendable, weights] = [DIRECTIONS, ATTENDABLE, WEIGHTS].map(
			(name) => feeds[name] as Tensor,
		) as [Tensor, Tensor, Tensor];
		const width = directions.shape[2] as number;
		const out = Tensor.zeros([batch, heads]);
		for (let b = 0; b < batch; b++) {
			for (let h = 0; h < heads; h++) {
				let total = 0;
				for (let q = 0; q < length; q++) {
					const logits = Array.from({ length }, (_, j) => {
						let sum = 0;
						for (let i = 0; i < width; i++) sum += result.at(b, q, h, i) * directions.at(b, j, i);
						return sum;
					});
					const open = logits.map((_, j) => attendable.at(b, q, j));
					const count = open.reduce((x, y) => x + y, 0);
					const average = logits.reduce((sum, c, j) => sum + c * (open[j] as number), 0) / count;
					const raised = logits.map((c) => Math.max(0, c - average));
					const all = raised.reduce((sum, c, j) => sum + c * (open[j] as number), 0);
					const attended = raised.reduce((sum, c, j) => sum + c * pattern.at(b, h, q, j), 0);
					total += (attended / Math.max(all, TINY)) * weights.at(b, q);
				}
				out.data[b * heads + h] = 2 * total - 1;
			}
		}
		return out;
	},
	ideal: (batch, unembedding) => {
		const { rows, length } = batch;
		const directions = copying.feeds(batch, unembedding)[DIRECTIONS] as Tensor<"float32">;
		const width = directions.shape[2] as number;
		// each token attends to the first one and writes its direction
		const pattern = Tensor.zeros([rows.length, 1, length, length]);
		const result = Tensor.zeros([rows.length, length, 1, width]);
		for (const [r, { places }] of rows.entries()) {
			const key = places[0] as number;
			for (const query of places) {
				pattern.data[(r * length + query) * length + key] = 1;
				result.data.set(directions.select(r).select(key).data, (r * length + query) * width);
			}
		}
		return { points: { pattern, result }, score: 1 };
	},
};
