import * as z from "zod/mini";
import { list } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { defineKind, patternFields, type RunFacts } from "./intervention.js";
import { placesInRow, pointEdits } from "./point-edits.js";

/**
 * Attention knock-out (Geva et al. 2023): queries no longer attend to some keys, and what is left of each row of the
 * pattern is scaled to sum to 1 again, as a mask before the softmax would leave it. A row that had nothing but the
 * knocked-out keys spreads evenly over what is left. A query that could see nothing else, such as the first token and
 * itself, keeps its pattern; naming it in `positions` is an error.
 */
export const knockOut = defineKind({
	kind: "knock-out",
	doc: "queries cannot attend to some keys; the rest of each row of the pattern sums to 1 again",
	schema: z.strictObject({
		kind: z.literal("knock-out"),
		...patternFields,
		keys: list(z.int()).check(
			z.describe("Positions that are no longer attended to; negative ones count from the end"),
		),
	}),
	examples: [
		{ kind: "knock-out", heads: ["0.1"], keys: [0] },
		{ kind: "knock-out", heads: ["0.0"], keys: [1, -2], positions: [3, -1], strength: 0.5 },
		{ kind: "knock-out", layers: "all", keys: [2] },
	],
	edits: (data, sizes, where) =>
		pointEdits(data, "pattern", sizes, where, () => ({
			structure: "keys knocked out",
			changed: (value, g, site) => {
				// even shares of the keys that are left, 0 elsewhere
				const left = site.feed("left", [value.dim(0), 1, value.dim(2), value.dim(3)]);
				const kept = g.where(g.greater(left, 0), value, 0);
				const total = g.sum(kept, -1);
				return g.where(g.greater(total, 0), g.div(kept, total), left);
			},
			feeds: (run) => ({ left: keysLeft(data.keys, data.positions, run, where) }),
		})),
});

/** The keys that each query may still attend to, with even shares: [batch, 1, query, key]. */
function keysLeft(
	keys: readonly number[],
	positions: readonly number[] | undefined,
	run: RunFacts,
	where: string,
): Tensor {
	const { batch, pos, mask } = run;
	const shares = Tensor.zeros([batch, 1, pos, pos]);
	for (let b = 0; b < batch; b++) {
		const out = new Set(placesInRow(keys, b, run, `${where}.keys`));
		const named = new Set(positions && placesInRow(positions, b, run, `${where}.positions`));
		for (let query = 0; query < pos; query++) {
			const seen: number[] = [];
			for (let key = 0; key <= query; key++) if (mask?.data[b * pos + key] ?? 1) seen.push(key);
			const left = seen.filter((key) => !out.has(key));
			if (left.length === 0 && seen.length > 0 && named.has(query))
				reject(
					`${where}.keys`,
					`query ${query} of row ${b} could attend to nothing else than ${seen.join(", ")}`,
				);
			const kept = left.length > 0 ? left : seen;
			for (const key of kept) shares.data[(b * pos + query) * pos + key] = 1 / kept.length;
		}
	}
	return shares;
}
