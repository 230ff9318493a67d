import type { Dim } from "../graph/dim.js";
import { actName, axesOf, canonicalName } from "../hooks/points.js";
import { type HookPoint, nearest } from "../hooks/select.js";
import type { Axis } from "../tensor/index.js";
import { reject } from "./errors.js";
import { headsByLayer } from "./heads.js";
import type { Sizes } from "./intervention.js";

/** Which places of a run an intervention means. */
export interface Selection {
	readonly at?: string | undefined;
	readonly layers?: "all" | readonly number[] | undefined;
	readonly heads?: "all" | readonly string[] | undefined;
	readonly kvHeads?: "all" | readonly string[] | undefined;
	readonly positions?: readonly number[] | undefined;
	readonly rows?: readonly number[] | undefined;
	readonly strength?: number | undefined;
}

/** One hook point that is meant. */
export interface Target {
	readonly point: string;
	readonly axes: readonly Axis[];
	/** Extents as the model lists them, symbolic where they depend on the input. */
	readonly shape: readonly Dim[];
	/** The heads that are meant, where the point has any. */
	readonly heads: readonly number[] | undefined;
}

/**
 * The hook points of a selection, layer by layer.
 * @param where what errors call the intervention
 * @throws {InterventionError} for points, layers and heads that the model lacks (with the nearest), for heads at a point
 * without any, and for query heads where kv heads are meant or the other way round
 */
export function targetsOf(selection: Selection, at: string, sizes: Sizes, where: string): Target[] {
	const { layers, heads, kvHeads } = selection;
	const points = pointsNamed(at, sizes.points, where);
	const first = points[0] as HookPoint;
	const axes = axesAt(first);
	if (!axes) reject(`${where}.at`, `"${at}" is a module whose axes are not known; choose a hook point`);
	if (axes[1] !== "pos" && !axes.includes("query")) {
		reject(
			`${where}.at`,
			`"${at}" has heads before positions; choose "q" or "k" before their norm, "rot_q" or "rot_k" behind it`,
		);
	}
	const axis = axes.find((a) => a === "head" || a === "kv_head");
	checkHeadFields(selection, axis, at, sizes, where);
	// one point for each layer, since a short name means the same place in every one
	const byLayer = new Map(points.map((point) => [layerAt(point.name), point] as const));
	const target = (point: HookPoint, chosen?: readonly number[]): Target => ({
		point: point.name,
		axes,
		shape: point.shape,
		heads: axis && (chosen ?? Array.from({ length: point.shape[axes.indexOf(axis)] as number }, (_, h) => h)),
	});
	if (!isPerLayer(at, sizes, where)) {
		if (layers !== undefined) reject(`${where}.layers`, `"${at}" is one point; leave "layers" out`);
		const named = heads ?? kvHeads;
		if (named === undefined || named === "all") return [target(first)];
		const field = `${where}.${heads ? "heads" : "kvHeads"}`;
		const chosen = headsByLayer(named, gridOf(axis, sizes), field);
		const other = [...chosen.keys()].find((layer) => layer !== layerAt(first.name));
		if (other !== undefined) reject(field, `head ${other}.${chosen.get(other)?.[0]} is not at "${at}"`);
		return [target(first, chosen.get(layerAt(first.name) as number))];
	}
	const named = heads ?? kvHeads;
	if (named !== undefined) {
		if (layers !== undefined)
			reject(where, `"layers" means whole layers; give it or "${heads ? "heads" : "kvHeads"}"`);
		const chosen = headsByLayer(named, gridOf(axis, sizes), `${where}.${heads ? "heads" : "kvHeads"}`);
		return [...chosen].map(([layer, inLayer]) => target(byLayer.get(layer) as HookPoint, inLayer));
	}
	if (layers === undefined) {
		const fields = axis ? `"${axis === "head" ? "heads" : "kvHeads"}" or "layers"` : '"layers"';
		reject(where, `says not which "${at}" is meant; give ${fields}, a list or "all"`);
	}
	return layersOf(layers, sizes.nLayers, where).map((layer) => target(byLayer.get(layer) as HookPoint));
}

/** Whether a name means a point in each layer, and not a single one. @throws {InterventionError} */
export function isPerLayer(at: string, { points }: Sizes, where: string): boolean {
	const [first] = pointsNamed(at, points, where) as [HookPoint];
	return layerAt(first.name) !== undefined && first.name !== canonical(at, points);
}

/** Whole layers by number, each once. */
function layersOf(layers: "all" | readonly number[], nLayers: number, where: string): number[] {
	if (layers === "all") return Array.from({ length: nLayers }, (_, l) => l);
	const chosen = layers.map((layer, i) => {
		if (layer < -nLayers || layer >= nLayers) {
			const near = layer < 0 ? -nLayers : nLayers - 1;
			reject(
				`${where}.layers[${i}]`,
				`no layer ${layer}; nearest: ${near}; the model has 0 to ${nLayers - 1}`,
			);
		}
		return layer < 0 ? layer + nLayers : layer;
	});
	return [...new Set(chosen)];
}

function gridOf(
	axis: Axis | undefined,
	{ nLayers, nHeads, nKvHeads }: Sizes,
): { nLayers: number; nHeads: number } {
	return { nLayers, nHeads: axis === "kv_head" ? nKvHeads : nHeads };
}

/** Query heads and kv heads are the same only where none are shared. */
function checkHeadFields(
	{ heads, kvHeads }: Selection,
	axis: Axis | undefined,
	at: string,
	{ nHeads, nKvHeads }: Sizes,
	where: string,
): void {
	const field = heads !== undefined ? "heads" : kvHeads !== undefined ? "kvHeads" : undefined;
	if (field === undefined) return;
	if (heads !== undefined && kvHeads !== undefined)
		reject(where, '"heads" are query heads and "kvHeads" those of keys and values; a point has one of them');
	if (axis === undefined) reject(`${where}.${field}`, `"${at}" has no heads; choose "layers"`);
	if (nHeads === nKvHeads || (axis === "head") === (field === "heads")) return;
	const shared = `the model's ${nHeads} query heads share ${nKvHeads} heads of keys and values`;
	const groups = nHeads / nKvHeads;
	if (axis === "kv_head")
		reject(
			`${where}.heads`,
			`${shared}, and "${at}" has the latter: use "kvHeads" (query head L.h reads kv head L.floor(h / ${groups}))`,
		);
	reject(
		`${where}.kvHeads`,
		`${shared}, and "${at}" has the former: use "heads" (kv head L.k is read by L.${groups}k to L.${groups}k+${groups - 1})`,
	);
}

/** The points behind a name: one for a full name, one for each layer for a short one ("z", "ln1.scale"). */
function pointsNamed(at: string, points: readonly HookPoint[], where: string): readonly HookPoint[] {
	const { byName, byShort } = indexOf(points);
	const exact = byName.get(canonical(at, points));
	if (exact) return [exact];
	// a full name of a layer that does not exist is no short name
	const inLayer = at.startsWith("blocks.");
	const short = byShort.get(shortName(at)) ?? byShort.get(shortName(actName(at, 0)));
	if (short && !inLayer) return short;
	const long = inLayer || at.includes("hook_");
	const near = nearest(at, long ? [...byName.keys()] : [...byShort.keys()], 3);
	reject(`${where}.at`, `no hook point "${at}"; nearest: ${near.join(", ")}`);
}

function canonical(at: string, points: readonly HookPoint[]): string {
	const { byName } = indexOf(points);
	return canonicalName(at, (name) => byName.has(name));
}

interface PointIndex {
	readonly byName: ReadonlyMap<string, HookPoint>;
	readonly byShort: ReadonlyMap<string, readonly HookPoint[]>;
}

const indices = new WeakMap<readonly HookPoint[], PointIndex>();

function indexOf(points: readonly HookPoint[]): PointIndex {
	const known = indices.get(points);
	if (known) return known;
	const byShort = new Map<string, HookPoint[]>();
	for (const point of points) {
		if (!lastPart(point.name).startsWith("hook_")) continue;
		const short = shortName(point.name);
		byShort.set(short, [...(byShort.get(short) ?? []), point]);
	}
	const index = { byName: new Map(points.map((point) => [point.name, point])), byShort };
	indices.set(points, index);
	return index;
}

/** "blocks.3.attn.hook_z" is "z", "blocks.3.ln1.hook_scale" "ln1.scale". */
export function shortName(name: string): string {
	return name
		.replace(/^blocks\.\d+\./, "")
		.replace(/^(attn|mlp)\./, "")
		.replace("hook_", "");
}

function lastPart(name: string): string {
	return name.slice(name.lastIndexOf(".") + 1);
}

/** The layer of a point; undefined outside the blocks. */
function layerAt(name: string): number | undefined {
	const layer = /(?:^|\.)blocks\.(\d+)\./.exec(name)?.[1];
	return layer === undefined ? undefined : Number(layer);
}

/** Axes of a point. A module's output of three axes has a width behind its positions. */
function axesAt({ name, shape }: HookPoint): readonly Axis[] | undefined {
	const plain = shape.length === 3 && shape[1] === "pos" && typeof shape[2] === "number";
	return axesOf(name, shape.length) ?? (plain ? ["batch", "pos", "d_model"] : undefined);
}
