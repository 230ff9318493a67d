import type { Dim } from "../graph/dim.js";
import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { Edit, EditSite, Part, RunFacts, Sizes } from "./intervention.js";
import { type Selection, type Target, targetsOf } from "./targets.js";

/** What a kind puts in a value's place. */
export interface Change {
	/** Names the computation; whatever else it depends on is fed. */
	readonly structure: string;
	/** The donor that it takes a value of. */
	readonly donor?: string | undefined;
	/** What it takes of the donor. Default the value at the point. */
	readonly entry?: string | undefined;
	/** The changed value: of the value's shape, or broadcast to it. */
	changed(value: Value, g: G, site: EditSite): Value;
	/** What `changed` asks the site for. */
	feeds?(run: RunFacts): Readonly<Record<string, Part>>;
}

/**
 * One edit for each point of a selection. The whole value is changed; the strength, which is fed, selects.
 * @param at the point where the data name none
 */
export function pointEdits(
	selection: Selection,
	at: string,
	sizes: Sizes,
	where: string,
	change: (target: Target) => Change,
): Edit[] {
	return targetsOf(selection, selection.at ?? at, sizes, where).map((target) => {
		const { structure, donor, entry, changed, feeds } = change(target);
		return {
			point: target.point,
			structure,
			donor,
			entry,
			apply: (value, g, site) => {
				const inputs = alignedTo(value, target, g, site);
				const result = keepMasked(value, changed(value, g, inputs), target, g);
				const shape = target.axes.map((axis, i) => (isSelected(axis) ? value.dim(i) : 1));
				return blend(g, value, result, inputs.feed("strength", shape));
			},
			feeds: (run) => ({ ...feeds?.(run), strength: strengths(selection, target, run, where) }),
		};
	});
}

/** Whether a selection tells apart the places along an axis. */
function isSelected(axis: Target["axes"][number]): boolean {
	return ["batch", "pos", "query", "head", "kv_head"].includes(axis);
}

/**
 * The value where the strength is 0, the changed one where it is 1, a mix between. Both ends are selected
 * and not computed, so that an infinity or NaN on the other side does not reach them.
 */
function blend(g: G, value: Value, changed: Value, strength: Value): Value {
	const mixed = g.add(g.mul(changed, strength), g.mul(value, g.sub(1, strength)));
	return g.where(g.lessEqual(strength, 0), value, g.where(g.greaterEqual(strength, 1), changed, mixed));
}

/** Scores of keys that a query cannot see are -Infinity and stay so: no change lets a query look ahead. */
function keepMasked(value: Value, changed: Value, { point }: Target, g: G): Value {
	if (!point.endsWith("hook_attn_scores")) return changed;
	return g.where(g.greater(value, Number.NEGATIVE_INFINITY), changed, value);
}

/**
 * Norms whose inputs were split by head have a head axis that the model does not list; what is fed has none
 * there and gets one of extent 1.
 */
function alignedTo(value: Value, { axes }: Target, g: G, site: EditSite): EditSite {
	if (value.rank === axes.length) return site;
	const lift = (fed: Value): Value => (fed.rank === axes.length ? g.unsqueeze(fed, 2) : fed);
	return {
		...site,
		feed: (...asked) => lift(site.feed(...asked)),
		take: (...asked) => lift(site.take(...asked)),
	};
}

/** The strength at each place: the value's shape, with 1 along the axes that a selection does not tell apart. */
function strengths(
	{ strength = 1, positions, rows }: Selection,
	{ axes, shape, heads }: Target,
	run: RunFacts,
	where: string,
): Tensor {
	const { batch, pos } = run;
	const atRows = rows ?? range(batch);
	const badRow = atRows.find((row) => row >= batch);
	if (badRow !== undefined) reject(`${where}.rows`, `got ${badRow}, this run has rows 0..${batch - 1}`);
	const own = (row: number): number[] =>
		positions ? placesInRow(positions, row, run, `${where}.positions`) : range(pos);
	const extents = axes.map((axis, i) => {
		if (axis === "batch") return batch;
		if (axis === "pos" || axis === "query") return pos;
		return isSelected(axis) ? (shape[i] as number) : 1;
	});
	const field = Tensor.zeros(extents);
	const fill = (axis: number, flat: number, places: readonly number[]): void => {
		if (axis === axes.length) {
			field.data[flat] = strength;
			return;
		}
		const name = axes[axis] as Target["axes"][number];
		const along = name === "pos" || name === "query" ? places : heads && isSelected(name) ? heads : [0];
		for (const i of along) fill(axis + 1, flat * (extents[axis] as number) + i, places);
	};
	for (const row of atRows) fill(1, row, own(row)); // axis 0 is the batch
	return field;
}

/**
 * Places in a row of positions among its own tokens, so that padding shifts nothing: -1 is the row's last token.
 * Positions that a shorter row lacks have no place there.
 * @throws {InterventionError} for those that no row of the run can have
 */
export function placesInRow(
	positions: readonly number[],
	row: number,
	{ pos, mask }: RunFacts,
	where: string,
): number[] {
	const places = placesIn(positions, pos, where);
	if (!mask) return places;
	const tokens = range(pos).filter((p) => mask.data[row * pos + p]);
	return positions.flatMap((p) => tokens[p < 0 ? p + tokens.length : p] ?? []);
}

/**
 * For what is laid out once for all rows, in the columns of the batch.
 * @throws {InterventionError} where padding makes columns and a row's own positions differ
 */
export function checkColumns(
	positions: readonly number[],
	{ mask, batch, pos }: RunFacts,
	where: string,
): void {
	if (!mask) return;
	const shifted = range(batch).find((b) => !mask.data[b * pos]);
	if (shifted !== undefined)
		reject(
			where,
			`row ${shifted} begins with padding, which shifts positions; allowed: padding on the right`,
		);
	const fromEnd = positions.find((p) => p < 0);
	if (fromEnd !== undefined)
		reject(where, `got ${fromEnd}, but rows of different length end at different places; count from 0`);
}

/** Positions from 0 on. @throws {InterventionError} for those the run lacks */
export function placesIn(positions: readonly number[], pos: number, where: string): number[] {
	return positions.map((p) => {
		if (p < -pos || p >= pos) reject(where, `got ${p}, this run has ${-pos}..${pos - 1}`);
		return p < 0 ? p + pos : p;
	});
}

/** 0, 1, ..., length - 1 */
export function range(length: number): number[] {
	return Array.from({ length }, (_, i) => i);
}

/** Extents of a value behind its batch and position. */
export function restOf(value: Value, { axes }: Target): readonly Dim[] {
	return value.shape.slice(value.rank - axes.length + 2);
}
