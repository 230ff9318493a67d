import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { BoundMetric, Measure } from "./metric.js";
import type { TokenRows } from "./token-rows.js";

/** A position whose next token is scored, and what it counts. */
export interface WeightedPosition {
	/** Index of the row's token from which the next one is predicted. */
	readonly position: number;
	readonly weight: number;
}

/**
 * The graph of a weighted sum of cross-entropies, in nats: for each row the sum of weight_p * -log softmax(logits_p)[t_(p+1)].
 * One function for all metrics that are such sums.
 */
const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, scored, vocab]
	const scored = logits.shape.slice(0, 2);
	const next = g.unsqueeze(feed("next", scored, "int32"), 2);
	const losses = g.neg(g.takeAlong(g.logSoftmax(logits), next, 2)); // [rows, scored, 1]
	return g.sum(g.mul(losses, g.unsqueeze(feed("weights", scored), 2)), [1, 2], { keepDims: false });
};

/**
 * A metric that sums next-token losses with weights.
 * @param positions for each row, at least one; rows with fewer than others are filled up with weight 0
 */
export function nextTokenMetric(
	about: { readonly name: string; readonly doc: string },
	{ model, input, mask, rows }: TokenRows,
	positions: readonly (readonly WeightedPosition[])[],
): Measure {
	const scored = Math.max(...positions.map((list) => list.length));
	const next = Tensor.zeros([rows.length, scored], "int32");
	const weights = Tensor.zeros([rows.length, scored]);
	const at = rows.map(({ tokens, places }, r) => {
		const list = positions[r] ?? [];
		const [first] = list;
		if (!first) return reject(about.name, `row ${r} has no position to be scored`);
		return Array.from({ length: scored }, (_, i) => {
			const { position, weight } = list[i] ?? { ...first, weight: 0 };
			next.data[r * scored + i] = tokens[position + 1] as number;
			weights.data[r * scored + i] = weight;
			return places[position] as number;
		});
	});
	const metric = { ...about, rows: rows.length, names: [], at, graph, feeds: { next, weights } };
	return { model, input, ...(mask && { mask }), metric };
}
