import * as z from "zod/mini";
import { reject } from "./errors.js";

/** A range [start, end) or one position of a row; negative ones count from its last token. */
export type RowPositions = number | readonly [start: number] | readonly [start: number, end: number];

/** Positions as data. */
export const positionsSchema = z.union(
	[z.int(), z.readonly(z.tuple([z.int()])), z.readonly(z.tuple([z.int(), z.int()]))],
	{ error: "allowed a position, or [start, end) as two whole numbers" },
);

/** "5", "5:9", "5:" or ":9" as positions; undefined for anything else. */
export function parsePositions(text: string): RowPositions | undefined {
	const [, start, colon, end] = /^(-?\d{1,9})?(:)?(-?\d{1,9})?$/.exec(text.trim()) ?? [];
	if (colon === undefined) return start === undefined ? undefined : Number(start);
	const from = Number(start ?? 0);
	return end === undefined ? [from] : [from, Number(end)];
}

/** The data of a metric that takes positions and nothing else, from the short spelling `kind@positions`. */
export function placeData<K extends string>(
	kind: K,
	mode: string | undefined,
	place: string | undefined,
): { kind: K; positions?: RowPositions } | undefined {
	const positions = place === undefined ? undefined : parsePositions(place);
	if (mode !== undefined || (place !== undefined && positions === undefined)) return undefined;
	return { kind, ...(positions !== undefined && { positions }) };
}

/** What `parsePositions` reads. */
export function positionsText(positions: RowPositions): string {
	return typeof positions === "number" ? String(positions) : `${positions[0]}:${positions[1] ?? ""}`;
}

/** The positions that a selection means in a row of `count` tokens. @throws {MetricError} for what lies outside. */
export function rowPositions(positions: RowPositions, count: number, where: string): number[] {
	const wrap = (p: number): number => (p < 0 ? p + count : p);
	const [from, to] =
		typeof positions === "number"
			? [wrap(positions), wrap(positions) + 1]
			: [wrap(positions[0]), positions[1] === undefined ? count : wrap(positions[1])];
	if (from < 0 || to > count || from >= to) {
		reject(where, `positions ${positionsText(positions)}, allowed within its tokens 0:${count}`);
	}
	return Array.from({ length: to - from }, (_, i) => from + i);
}
