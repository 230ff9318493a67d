import * as z from "zod/mini";
import { sizeOfDims } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { setting } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { checkAligned, donated, isSquare } from "./donors.js";
import { reject } from "./errors.js";
import {
	defineKind,
	donorField,
	type EditSite,
	type Part,
	pointFields,
	type RunFacts,
} from "./intervention.js";
import { type Change, pointEdits, range, restOf } from "./point-edits.js";
import type { Target } from "./targets.js";

/**
 * Mean ablation: a value no longer depends on the row, and with "batch-and-pos" not on the position. The mean is that
 * of the run's own batch, or of a donor's (a reference set).
 */
export const mean = defineKind({
	kind: "mean",
	doc: "a value becomes its mean over the batch or over a donor's rows, keeping position and channel",
	schema: z.strictObject({
		kind: z.literal("mean"),
		...pointFields,
		over: setting(z.enum(["batch", "batch-and-pos"]), 'Default "batch": a mean for each position'),
		/** It may have any number of rows, and with "batch-and-pos" any length. */
		from: setting(donorField, "The donor whose mean is taken. Default the run itself"),
	}),
	examples: [
		{ kind: "mean", heads: ["1.0"] },
		{ kind: "mean", heads: ["1.1"], strength: 0.5 },
		{ kind: "mean", heads: ["1.1"], over: "batch-and-pos" },
		{ kind: "mean", heads: ["1.1"], from: "donor" },
		{ kind: "mean", at: "resid_mid", layers: [0], over: "batch-and-pos", from: "donor" },
		{ kind: "mean", at: "attn_scores", heads: ["1.0"] },
	],
	edits: (data, sizes, where) => {
		const over = data.over ?? "batch";
		return pointEdits(data, "z", sizes, where, (target) => {
			if (over === "batch-and-pos" && isSquare(target))
				reject(`${where}.over`, `"${target.point}" has queries and keys, which have no mean over positions`);
			return data.from === undefined
				? batchMean(over, target, where)
				: donorMean(over, data.from, target, where);
		});
	},
});

type Over = "batch" | "batch-and-pos";

/** The mean of the run's own rows, in the graph. */
function batchMean(over: Over, { point }: Target, where: string): Change {
	return {
		structure: `mean ${over}`,
		changed: (value, g, site) => {
			// unseen keys have no score to average
			const scores = point.endsWith("hook_attn_scores");
			const finite = scores ? g.where(g.greater(value, Number.NEGATIVE_INFINITY), value, 0) : value;
			if (!site.cells) return g.mean(finite, over === "batch" ? 0 : [0, 1]);
			return cellMean(over === "batch" ? finite : g.mean(finite, 1), g, site);
		},
		feeds: ({ mask, batch, past, firstRow = 0 }) => {
			// padding would be averaged in, and with it on the left equal positions are not in one column
			if (mask) reject(where, "a mean over the batch needs rows of equal length without padding");
			if (past && over === "batch-and-pos")
				reject(`${where}.over`, "a run after a past does not compute the values at all positions");
			return { "first row": Tensor.full([batch], firstRow), share: Tensor.full([batch], 1 / batch) };
		},
	};
}

/**
 * Each cell's own mean over its rows, as a product with shares [batch, batch] that are 0 outside the cell. A row with an
 * infinity or NaN makes every cell's mean NaN there, not only its own.
 */
function cellMean(value: Value, g: G, site: EditSite): Value {
	const batch = value.dim(0);
	const first = site.feed("first row", [batch]);
	const share = g.unsqueeze(site.feed("share", [batch]), 0);
	const same = g.equal(g.unsqueeze(first, 1), g.unsqueeze(first, 0));
	const flat = g.reshape(value, [batch, sizeOfDims(value.shape.slice(1))]);
	return g.reshape(g.matmul(g.where(same, share, 0), flat), value.shape);
}

/** The mean of a donor's rows, taken on the host: a table with an entry for each position, or one for all. */
function donorMean(over: Over, from: string, target: Target, where: string): Change {
	return {
		structure: `mean of donor ${over}`,
		donor: from,
		changed: (value, _, site) =>
			isSquare(target)
				? site.take("mean", [value.dim(0)], value.shape.slice(1))
				: site.take("mean", [value.dim(0), value.dim(1)], restOf(value, target)),
		feeds: (run) => donorMeanFeeds(over, from, target, run, where),
	};
}

function donorMeanFeeds(
	over: Over,
	from: string,
	target: Target,
	run: RunFacts,
	where: string,
): Record<string, Part> {
	const { batch, pos } = run;
	if (over === "batch") checkAligned(run, `${where}.from`);
	const tensor = donated(run, from, target.point, where);
	const overPositions = over === "batch-and-pos";
	const { axes, shape, point } = target;
	const fits =
		tensor.shape.length === axes.length &&
		(tensor.shape[0] as number) > 0 &&
		axes.every((axis, i) => {
			if (axis === "batch" || (axis === "pos" && overPositions)) return true;
			return tensor.shape[i] === (["pos", "query", "key"].includes(axis) ? pos : shape[i]);
		});
	if (!fits)
		reject(
			`${where}.from`,
			`donor "${from}" has at "${point}" ${tensor}; this run has [${["any", pos, ...shape.slice(2)].join(", ")}]`,
		);
	// the donor's rows are gone in the mean: their number is free, as is its length where positions are averaged too
	const table = meanOf(tensor, overPositions ? 2 : 1);
	if (isSquare(target)) return { mean: { table, places: Tensor.zeros([batch], "int32") } };
	const places = range(batch).map(() => range(pos).map((p) => (overPositions ? 0 : p)));
	const entries = table.reshape([overPositions ? 1 : pos, ...tensor.shape.slice(2)]);
	return { mean: { table: entries, places: Tensor.from(places, "int32") } };
}

/** Means that were computed, so that cells share them. */
const means = new WeakMap<Tensor, Map<number, Tensor<"float32">>>();

/** The mean over the first axes: [1, ...rest]. */
function meanOf(tensor: Tensor<"float32">, axes: number): Tensor<"float32"> {
	const known = means.get(tensor) ?? new Map<number, Tensor<"float32">>();
	means.set(tensor, known);
	const found = known.get(axes);
	if (found) return found;
	const rest = tensor.shape.slice(axes);
	const size = rest.reduce((a, b) => a * b, 1);
	const sums = new Float64Array(size);
	for (const [i, value] of tensor.data.entries()) sums[i % size] = (sums[i % size] as number) + value;
	const count = tensor.size / size;
	const mean = new Tensor(
		"float32",
		[1, ...rest],
		Float32Array.from(sums, (sum) => sum / count),
	);
	known.set(axes, mean);
	return mean;
}
