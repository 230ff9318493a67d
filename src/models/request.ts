import { type Cut, cutAt } from "../graph/cut.js";
import * as ops from "../graph/ops/index.js";
import type { HookFn } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { HookError } from "../hooks/hook-error.js";
import { positionAxis } from "../hooks/points.js";
import { type HookPoint, type Names, selectPoints } from "../hooks/select.js";
import type { Dimensions, Family } from "./family.js";
import { modulesOf, withWeights } from "./module-weights.js";
import type { CacheOptions, HostHookFn, Positions, Readout, RunOptions } from "./run-options.js";
import { type ModelRange, traceModel } from "./trace-model.js";

/** The model's own result among a run's outputs. */
export const RESULT = "result";

/** What one run shall compute. */
export interface Request {
	readonly range: ModelRange;
	readonly options: CacheOptions;
	/** Points whose values are returned. */
	readonly taps: readonly string[];
	/** Return the logits (or the residual stream where the run stops early). */
	readonly result: boolean;
	readonly readout?: Readout | undefined;
	/** Hook functions of the run's interventions, by point. */
	readonly edits: readonly (readonly [string, HookFn])[];
	/** Points that somebody watches: returned under names of their own, beside what was asked for. */
	readonly watched: readonly string[];
}

/** The name under which a watched point's value is returned. */
export function watchedName(point: string): string {
	return `watched:${point}`;
}

/** A place where a host hook takes over. */
export type HostCut = Cut & { readonly point: string; readonly fn: HostHookFn };

/** Every hook point of a model with its shape, learned from a trace with all optional ones on. */
export function listPoints(family: Family, config: Dimensions): HookPoint[] {
	const { trace } = traceModel(family, config, { padded: false }, { wants: () => true });
	const modules = (family.modulePoints?.(config) ?? []).map((path) => [path, { optional: false }] as const);
	const listed = [...modules, ...trace.points];
	const known = new Set(listed.map(([name]) => name));
	const shapeOf = (name: string): Value["shape"] => (trace.values.get(name) as Value).shape;
	return [
		...listed.map(([name, { optional }]) => ({ name, shape: shapeOf(name), optional })),
		...[...new Set(modulesOf(trace.root).map(({ path }) => path))]
			.filter((path) => !known.has(path))
			.map((name) => ({ name, shape: shapeOf(name), optional: true, module: true as const })),
	];
}

/**
 * The points of a selection that lie in the part of the model that runs.
 * @throws {HookError} where the selection matches nothing, or nothing that is reached.
 */
export function reachedPoints(
	points: readonly HookPoint[],
	names: Names,
	nLayers: number,
	range: RunOptions,
): string[] {
	const { startAtLayer, stopAtLayer } = range;
	const [start, stop] = [startAtLayer ?? 0, stopAtLayer ?? nLayers];
	const chosen = selectPoints(points, names).map((p) => p.name);
	const reached = chosen.filter((name) => isReached(name, range));
	// a pattern may match more than is reached, a name is meant
	const meant = [names].flat().filter((part) => typeof part === "string" && !part.includes("*"));
	const missed =
		reached.length === 0 ? chosen : chosen.filter((n) => meant.includes(n) && !isReached(n, range));
	if (missed.length === 0) return reached;
	throw new HookError(
		`${missed.slice(0, 3).join(", ")}: not reached by a run of layers ${start} to ${stop - 1}`,
	);
}

/** Whether a run of these layers reaches a point. */
export function isReached(name: string, { startAtLayer, stopAtLayer }: RunOptions): boolean {
	const layer = layerOf(name);
	if (layer !== undefined)
		return layer >= (startAtLayer ?? 0) && layer < (stopAtLayer ?? Number.POSITIVE_INFINITY);
	return isBeforeBlocks(name) ? startAtLayer === undefined : stopAtLayer === undefined;
}

/** The layer that a point or module belongs to; undefined outside the blocks. */
export function layerOf(name: string): number | undefined {
	const layer = /(?:^|\.)blocks\.(\d+)(?:\.|$)/.exec(name)?.[1];
	return layer === undefined ? undefined : Number(layer);
}

/** Whether a point outside the blocks is one of the embedding. */
export function isBeforeBlocks(name: string): boolean {
	return name.startsWith("hook_") || name.endsWith("_embedding");
}

/** Traces a request: its outputs by name, and the cuts that host hooks made, in the order they are reached. */
export function traceRequest(
	family: Family,
	config: Dimensions,
	points: readonly HookPoint[],
	{ range, options, taps, result, readout, edits, watched }: Request,
): { outputs: Map<string, Value>; cuts: HostCut[] } {
	const assign = <F>(list: readonly (readonly [Names, F])[]): Map<string, F[]> => {
		const byName = new Map<string, F[]>();
		for (const [names, fn] of list) {
			for (const name of reachedPoints(points, names, config.nLayers, options)) {
				byName.set(name, [...(byName.get(name) ?? []), fn]);
			}
		}
		return byName;
	};
	const hooks = assign([...edits, ...hookList(options.hooks)]);
	const hostHooks = assign(options.hostHooks ?? []);
	const cuts: HostCut[] = [];
	const cutting = (point: string): HookFn[] =>
		(hostHooks.get(point) ?? []).map((fn) => (value) => {
			const cut = cutAt(`${point}#${cuts.length}`, value);
			cuts.push({ ...cut, point, fn });
			return cut.replacement;
		});
	const { patches = {} } = options;
	const unused = new Set(Object.keys(patches));
	const partial = range.startAtLayer !== undefined || range.stopAtLayer !== undefined;
	const wanted = new Set([...taps, ...watched, ...hooks.keys(), ...hostHooks.keys()]);
	const { trace, output } = traceModel(family, config, range, {
		hooks: (name) => [...(hooks.get(name) ?? []), ...cutting(name)],
		wants: (name) => wanted.has(name),
		patch: (path, original) => {
			if (!Object.hasOwn(patches, path) || (partial && path === family.root)) return undefined;
			unused.delete(path);
			return patches[path]?.(original);
		},
	});
	for (const path of unused) throw new HookError(`patches: no module "${path}" in this run`);
	const at = (name: string): Value => {
		const value = name === "logits" && range.stopAtLayer === undefined ? output : trace.values.get(name);
		if (!value) throw new HookError(`"${name}" was not reached by this run`);
		return value;
	};
	const outputs = new Map<string, Value>();
	if (readout) for (const [name, value] of Object.entries(readout.outputs(at, ops))) outputs.set(name, value);
	else for (const name of taps) outputs.set(name, cutPositions(name, at(name), options.positions));
	if (result) outputs.set(RESULT, output);
	for (const name of watched) outputs.set(watchedName(name), at(name));
	return options.weights ? withWeights(trace, options.weights, outputs, cuts) : { outputs, cuts };
}

function hookList(hooks: RunOptions["hooks"]): readonly (readonly [Names, HookFn])[] {
	if (!hooks) return [];
	return Array.isArray(hooks) ? hooks : Object.entries(hooks as Readonly<Record<string, HookFn>>);
}

/** Positions of an activation, cut inside the graph so that the rest never leaves it. */
function cutPositions(name: string, value: Value, positions: Positions | undefined): Value {
	const axis = positions === undefined ? undefined : positionAxis(name, value.rank);
	if (positions === undefined || axis === undefined) return value;
	const [start, end] =
		typeof positions === "number" ? [positions, positions === -1 ? undefined : positions + 1] : positions;
	return ops.slice(value, axis, start, end);
}

/** @throws {HookError} for positions that are no whole numbers, or lie outside the run's `length` positions. */
export function checkPositions(positions: Positions | undefined, length: number): void {
	if (positions === undefined) return;
	const [start, end] = typeof positions === "number" ? [positions, undefined] : positions;
	const from = start < 0 ? start + length : start;
	const to = end === undefined ? length : end < 0 ? end + length : end;
	const whole = Number.isInteger(start) && (end === undefined || Number.isInteger(end));
	if (whole && from >= 0 && from < length && to > from && to <= length) return;
	throw new HookError(
		`positions: got ${JSON.stringify(positions)}, allowed an index or [start, end) within ${-length}..${length}`,
	);
}
