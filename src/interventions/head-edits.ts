import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { actName, axesOf } from "../hooks/points.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { headsByLayer } from "./heads.js";
import type { Edit, FeedFn, RunFacts, Sizes } from "./intervention.js";

/** What every kind that works on heads says: which, where, how strongly. */
interface HeadSelection {
	readonly heads: "all" | readonly string[];
	readonly strength?: number | undefined;
	readonly positions?: readonly number[] | undefined;
	readonly rows?: readonly number[] | undefined;
}

/** What a kind puts in a head's place. */
interface HeadChange {
	/** Short name of the point it works at: "z" or "pattern". */
	readonly point: "z" | "pattern";
	/** Names the computation; whatever else it depends on is fed. */
	readonly structure: string;
	/** The changed value: of the value's shape, or broadcast to it. */
	changed(value: Value, g: G, feed: FeedFn): Value;
	/** Tensors for what `changed` is fed. */
	feeds?(run: RunFacts): Readonly<Record<string, Tensor>>;
}

/** One edit for each layer that has a chosen head. All heads are computed; the strength, which is fed, selects. */
export function headEdits(
	selection: HeadSelection,
	sizes: Sizes,
	where: string,
	{ point, structure, changed, feeds }: HeadChange,
): Edit[] {
	const layers = headsByLayer(selection.heads, sizes, where);
	return [...layers].map(([layer, heads]) => {
		const name = actName(point, layer);
		return {
			point: name,
			structure,
			apply: (value, g, feed) => {
				const shape = (axesOf(name, 4) ?? []).map((axis, i) =>
					axis === "d_head" || axis === "key" ? 1 : value.dim(i),
				);
				return blend(g, value, changed(value, g, feed), feed("strength", shape));
			},
			feeds: (run) => ({
				...feeds?.(run),
				strength: strengths(selection, heads, sizes, run, where, point === "z"),
			}),
		};
	});
}

/**
 * The value where the strength is 0, the changed one where it is 1, a mix between. Both ends are selected
 * and not computed, so that an infinity or NaN on the other side does not reach them.
 */
function blend(g: G, value: Value, changed: Value, strength: Value): Value {
	const mixed = g.add(g.mul(changed, strength), g.mul(value, g.sub(1, strength)));
	return g.where(g.lessEqual(strength, 0), value, g.where(g.greaterEqual(strength, 1), changed, mixed));
}

/** The strength at each place: [batch, pos, head, 1], or [batch, head, query, 1]. */
function strengths(
	{ strength = 1, positions, rows }: HeadSelection,
	heads: readonly number[],
	{ nHeads }: Sizes,
	{ batch, pos }: RunFacts,
	where: string,
	headsLast: boolean,
): Tensor {
	const atRows = rows ?? range(batch);
	const badRow = atRows.find((row) => row >= batch);
	if (badRow !== undefined) reject(`${where}.rows`, `got ${badRow}, this run has rows 0..${batch - 1}`);
	const atPositions = (positions ?? range(pos)).map((p) => {
		if (p < -pos || p >= pos) reject(`${where}.positions`, `got ${p}, this run has ${-pos}..${pos - 1}`);
		return p < 0 ? p + pos : p;
	});
	const field = Tensor.zeros(headsLast ? [batch, pos, nHeads, 1] : [batch, nHeads, pos, 1]);
	for (const b of atRows) {
		for (const h of heads) {
			for (const p of atPositions) {
				field.data[headsLast ? (b * pos + p) * nHeads + h : (b * nHeads + h) * pos + p] = strength;
			}
		}
	}
	return field;
}

function range(length: number): number[] {
	return Array.from({ length }, (_, i) => i);
}
