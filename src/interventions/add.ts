import * as z from "zod/mini";
import { list, setting, text } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { donated } from "./donors.js";
import { reject } from "./errors.js";
import { defineKind, donorField, pointFields, type RunFacts } from "./intervention.js";
import { pointEdits } from "./point-edits.js";
import type { Target } from "./targets.js";

/**
 * Steering (Turner et al. 2023): a direction is added, by default to the residual stream before a layer. How far it goes
 * is `scale`, which may be any number; `strength` mixes the steered and the clean value as in every kind.
 */
export const add = defineKind({
	kind: "add",
	doc: "a vector times a scale is added: steering",
	schema: z.strictObject({
		kind: z.literal("add"),
		...pointFields,
		vector: setting(list(z.number()), "As many numbers as the point's last axis has: d_model, d_head, ..."),
		from: setting(donorField, "Instead of numbers: the donor that holds the vector"),
		name: setting(text, "The vector's entry in the donor"),
		scale: setting(z.number(), "Factor on the vector. Default 1"),
	}),
	examples: [
		{ kind: "add", layers: [1], from: "vectors", name: "direction" },
		{
			kind: "add",
			layers: [1],
			from: "vectors",
			name: "direction",
			scale: -2.5,
			positions: [1, 2],
			strength: 0.5,
		},
		{ kind: "add", at: "mlp_out", layers: "all", from: "vectors", name: "direction", rows: [1] },
		{ kind: "add", at: "result", heads: ["1.0"], from: "vectors", name: "direction" },
	],
	edits: (data, sizes, where) => {
		const { vector, from, name } = data;
		if ((vector === undefined) === (from === undefined))
			reject(where, 'needs either "vector", or "from" and "name" of a donor\'s entry');
		if ((from === undefined) !== (name === undefined))
			reject(where, '"from" is the donor and "name" its entry; give both');
		return pointEdits(data, "resid_pre", sizes, where, (target) => {
			const width = target.shape.at(-1);
			if (typeof width !== "number")
				reject(`${where}.at`, `"${target.point}" has no vectors; "edit-scores" adds to scores`);
			if (vector) checkWidth(vector.length, width, target, `${where}.vector`);
			return {
				structure: "vector added",
				donor: from,
				entry: name,
				changed: (value, g, site) => {
					const added = site.feed("vector", [value.dim(0), width]);
					return g.add(value, g.unsqueeze(added, ...middleOf(value.rank)));
				},
				// small, so that every row is fed its own: cells with other vectors share one graph
				feeds: (run) => ({
					vector: rowsOf(vectorOf(data, width, target, run, where), data.scale ?? 1, run.batch),
				}),
			};
		});
	},
});

/** Axes between the rows and the width. */
function middleOf(rank: number): number[] {
	return Array.from({ length: rank - 2 }, (_, i) => i + 1);
}

/** The numbers that were written down, or those of the donor's entry. */
function vectorOf(
	{
		vector,
		from,
		name,
	}: { vector?: readonly number[] | undefined; from?: string | undefined; name?: string | undefined },
	width: number,
	target: Target,
	run: RunFacts,
	where: string,
): ArrayLike<number> {
	if (vector) return vector;
	const tensor = donated(run, from as string, name as string, where);
	if (tensor.shape.length !== 1)
		reject(`${where}.from`, `"${name}" of "${from}" is ${tensor}, allowed [${width}]`);
	checkWidth(tensor.size, width, target, `${where}.from`);
	return tensor.data;
}

function checkWidth(got: number, width: number, { point }: Target, where: string): void {
	if (got !== width) reject(where, `${got} numbers, but "${point}" has ${width}`);
}

/** The same vector for every row: [batch, width]. */
function rowsOf(vector: ArrayLike<number>, scale: number, batch: number): Tensor {
	const row = Float32Array.from(vector, (x) => x * scale);
	const all = Tensor.zeros([batch, row.length]);
	for (let b = 0; b < batch; b++) all.data.set(row, b * row.length);
	return all;
}
