import * as z from "zod/mini";
import { setting } from "../shared/schemas.js";
import { Random, Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { defineKind, donorField, pointFields } from "./intervention.js";
import { type Change, pointEdits, range } from "./point-edits.js";
import { takeFromDonor } from "./take-from-donor.js";

/**
 * Resample ablation: a value comes from another row, of the run's own batch or of a donor's, at the same position. It
 * keeps the value's distribution, which zero and mean do not.
 */
export const resample = defineKind({
	kind: "resample",
	doc: "a value becomes another row's: of the batch by a seeded permutation that moves every row, or drawn from a donor's",
	schema: z.strictObject({
		kind: z.literal("resample"),
		...pointFields,
		seed: setting(
			z.int().check(z.nonnegative()),
			"Of the permutation or of the rows that are drawn. Default 0",
		),
		/** It may have any number of rows. */
		from: setting(donorField, "The donor whose rows are drawn. Default: the batch is permuted"),
	}),
	examples: [
		{ kind: "resample", heads: ["0.1"] },
		{ kind: "resample", heads: ["0.0", "0.1"], seed: 3, strength: 0.5 },
		{ kind: "resample", at: "resid_mid", layers: [1], positions: [2, 3] },
		{ kind: "resample", at: "pattern", layers: [0], seed: 1 },
		{ kind: "resample", heads: ["1.1"], from: "donor", seed: 2 },
	],
	edits: (data, sizes, where) => {
		const { seed = 0, from } = data;
		return pointEdits(data, "z", sizes, where, (target) => {
			if (from === undefined) return permuted(seed, where);
			// drawn in the rows' order and kept, so that it does not matter which row is asked for first
			const drawn: number[] = [];
			const random = new Random(seed);
			const draw = (row: number, rows: number): number => {
				while (drawn.length <= row) drawn.push(random.integer(0, rows));
				return drawn[row] as number;
			};
			return takeFromDonor({ from }, target, where, draw);
		});
	},
});

/** Rows of the run itself, by their place in the whole batch, since the graph knows of no cells. */
function permuted(seed: number, where: string): Change {
	return {
		structure: "rows permuted",
		changed: (value, g, site) => g.gather(value, site.feed("row", [value.dim(0)], "int32")),
		feeds: ({ batch, mask, firstRow = 0 }) => {
			if (batch < 2)
				reject(where, `a permutation needs two rows or more, this run has ${batch}; or name a donor`);
			if (mask)
				reject(where, "rows of one position must be comparable: resampling needs rows without padding");
			return {
				row: Tensor.from(
					cycle(batch, seed).map((row) => firstRow + row),
					"int32",
				),
			};
		},
	};
}

/** A random permutation of one cycle, which leaves no row where it is (Sattolo 1986). */
function cycle(length: number, seed: number): number[] {
	const random = new Random(seed);
	const rows = range(length);
	for (let i = length - 1; i > 0; i--) {
		const j = random.integer(0, i);
		[rows[i], rows[j]] = [rows[j] as number, rows[i] as number];
	}
	return rows;
}
