import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { actName } from "../hooks/points.js";
import { nearest } from "../hooks/select.js";
import type { Axis } from "../tensor/index.js";
import { reject } from "./errors.js";

/** Where a point's numbers are kept apart; everything else is summed. */
interface PointRecord {
	/** Axes of one layer's result. */
	readonly axes: readonly Axis[];
	/** A product with the point's own axes, batch first, summed down to `axes`. */
	sum(product: Value, g: G): Value;
}

/** [batch, pos, d_model] to [pos]. */
const residual: PointRecord = {
	axes: ["pos"],
	sum: (x, g) => g.sum(x, [0, 2], { keepDims: false }),
};

/** [batch, pos, head, d_head] to [pos, head]. */
const perHead = (head: "head" | "kv_head"): PointRecord => ({
	axes: ["pos", head],
	sum: (x, g) => g.sum(x, [0, 3], { keepDims: false }),
});

const POINTS = {
	resid_pre: residual,
	resid_mid: residual,
	attn_out: residual,
	mlp_out: residual,
	z: perHead("head"),
	q: perHead("head"),
	k: perHead("kv_head"),
	v: perHead("kv_head"),
	/** [batch, head, query, key] to [query, head]. */
	pattern: {
		axes: ["query", "head"],
		sum: (x, g) => g.transpose(g.sum(x, [0, 3], { keepDims: false }), [1, 0]),
	},
} as const satisfies Readonly<Record<string, PointRecord>>;

/** Short name of a point that attribution patching understands. */
export type AttributionPoint = keyof typeof POINTS;

/** Every point that can be attributed to, by its short name. */
export const ATTRIBUTION_POINTS = Object.keys(POINTS) as readonly AttributionPoint[];

/** What a point's numbers are. */
export function attributionPoint(point: AttributionPoint): PointRecord {
	return POINTS[point];
}

/**
 * Checks short names; "resid-pre" is "resid_pre".
 * @throws {CausalError} for a name that is no point, with the nearest
 */
export function attributionPoints(names: readonly string[], where = "at"): AttributionPoint[] {
	if (names.length === 0) reject(where, `the list is empty, allowed ${ATTRIBUTION_POINTS.join(", ")}`);
	return [...new Set(names.map((name) => name.replaceAll("-", "_")))].map((name) => checkPoint(name, where));
}

function checkPoint(name: string, where: string): AttributionPoint {
	if (Object.hasOwn(POINTS, name)) return name as AttributionPoint;
	const near = nearest(name, ATTRIBUTION_POINTS, 1)[0];
	reject(where, `no point "${name}"; nearest: ${near}; allowed ${ATTRIBUTION_POINTS.join(", ")}`);
}

/** Full name of a point in a layer. */
export function nameAt(point: AttributionPoint, layer: number): string {
	return actName(point, layer);
}
