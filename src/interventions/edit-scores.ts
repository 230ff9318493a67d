import * as z from "zod/mini";
import { counted } from "../shared/counted.js";
import { list, setting } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { defineKind, patternFields, type RunFacts } from "./intervention.js";
import { checkColumns, placesIn, pointEdits } from "./point-edits.js";

type Pair = readonly [query: number, key: number, amount: number];
type Matrix = readonly (readonly number[])[];

/**
 * Attention scores before the softmax. A key that a query cannot see, because it is later or padding, stays unseen
 * whatever is added.
 */
export const editScores = defineKind({
	kind: "edit-scores",
	doc: "a head's attention scores, before the softmax, are added to or set: single ones or a matrix [query][key]",
	schema: z.strictObject({
		kind: z.literal("edit-scores"),
		...patternFields,
		pairs: setting(
			list(z.readonly(z.tuple([z.int(), z.int(), z.number()]))),
			"Single scores as [query, key, amount]; negative positions count from the end",
		),
		matrix: setting(
			list(z.readonly(z.array(z.number()))),
			"Amounts [query][key], cut to the run's length; 0 behind the query",
		),
		mode: setting(z.enum(["add", "set"]), 'Whether scores are added to or set. Default "add"'),
	}),
	examples: [
		{ kind: "edit-scores", heads: ["0.1"], pairs: [[2, 1, 3]] },
		{
			kind: "edit-scores",
			heads: ["0.0"],
			pairs: [
				[-1, 0, -4],
				[3, 3, 2],
			],
			strength: 0.5,
		},
		{ kind: "edit-scores", heads: ["1.1"], pairs: [[3, 0, 5]], mode: "set" },
		{ kind: "edit-scores", layers: [1], matrix: slope(8) },
		{ kind: "edit-scores", heads: ["1.0"], matrix: slope(8), mode: "set", positions: [4, 5] },
	],
	edits: (data, sizes, where) => {
		const { mode = "add", pairs, matrix } = data;
		if ((pairs === undefined) === (matrix === undefined)) reject(where, 'needs either "pairs" or "matrix"');
		return pointEdits(data, "attn_scores", sizes, where, () => ({
			structure: `scores ${mode}`,
			changed: (value, g, site) => {
				const shape = [value.dim(0), 1, value.dim(2), value.dim(3)];
				const amounts = site.feed("amounts", shape);
				if (mode === "add") return g.add(value, amounts);
				return g.where(site.feed("chosen", shape, "bool"), amounts, value);
			},
			feeds: (run) => {
				const { amounts, chosen } = pairs
					? ofPairs(pairs, run, where)
					: ofMatrix(matrix as Matrix, run, where);
				return { amounts: perRow(amounts, run), ...(mode === "set" && { chosen: perRow(chosen, run) }) };
			},
		}));
	},
});

/** A gentle preference for early keys, in binary fractions. */
function slope(size: number): number[][] {
	return Array.from({ length: size }, (_, query) =>
		Array.from({ length: size }, (_, key) => (key < query ? (query - key) / 4 : 0)),
	);
}

/** What is put where: both [query, key]. */
interface Amounts {
	readonly amounts: Tensor<"float32">;
	readonly chosen: Tensor<"bool">;
}

/** Single scores, each at most once, so that their order decides nothing. */
function ofPairs(pairs: readonly Pair[], run: RunFacts, where: string): Amounts {
	const { pos } = run;
	checkColumns(
		pairs.flatMap((pair) => pair.slice(0, 2)),
		run,
		`${where}.pairs`,
	);
	const amounts = Tensor.zeros([pos, pos]);
	const chosen = Tensor.zeros([pos, pos], "bool");
	for (const [i, [q, k, amount]] of pairs.entries()) {
		const at = `${where}.pairs[${i}]`;
		const [query, key] = placesIn([q, k], pos, at) as [number, number];
		if (key > query) reject(at, `query ${query} cannot attend to the later key ${key}`);
		if (chosen.data[query * pos + key])
			reject(at, `the score of query ${query} and key ${key} is given twice`);
		amounts.data[query * pos + key] = amount;
		chosen.data[query * pos + key] = 1;
	}
	return { amounts, chosen };
}

/** A whole matrix, of which "set" takes every entry up to the query, zeros too. */
function ofMatrix(matrix: Matrix, run: RunFacts, where: string): Amounts {
	const { pos } = run;
	checkColumns([], run, `${where}.matrix`);
	if (matrix.length < pos)
		reject(`${where}.matrix`, `${counted(matrix.length, "row")}, but this run has ${pos} positions`);
	const amounts = Tensor.zeros([pos, pos]);
	const chosen = Tensor.zeros([pos, pos], "bool");
	for (const [query, row] of matrix.slice(0, pos).entries()) {
		const at = `${where}.matrix[${query}]`;
		if (row.length !== matrix.length)
			reject(
				at,
				`${counted(row.length, "entry", "entries")} in a matrix of ${counted(matrix.length, "row")}`,
			);
		const later = row.findIndex((amount, key) => key > query && amount !== 0);
		if (later >= 0)
			reject(`${at}[${later}]`, `got ${row[later]}: query ${query} cannot attend to the later key ${later}`);
		amounts.data.set(row.slice(0, query + 1), query * pos);
		chosen.data.fill(1, query * pos, query * pos + query + 1);
	}
	return { amounts, chosen };
}

/** The same [query, key] for every row: [batch, 1, query, key]. */
function perRow<D extends "float32" | "bool">(
	{ dtype, data, size }: Tensor<D>,
	{ batch, pos }: RunFacts,
): Tensor<D> {
	const all = Tensor.zeros([batch, 1, pos, pos], dtype);
	for (let b = 0; b < batch; b++) all.data.set(data as never, b * size);
	return all;
}
