import type { Intervention } from "../interventions/index.js";
import { reject } from "./errors.js";

type Pair = readonly [query: number, key: number, amount: number];

/** An intervention as far as it names positions of the sequence. */
interface Placed {
	readonly positions?: readonly number[] | undefined;
	/** Positions of a donor, one for each of `positions`. */
	readonly fromPositions?: readonly number[] | undefined;
	readonly keys?: readonly number[] | undefined;
	readonly pairs?: readonly Pair[] | undefined;
}

/** The positions that an intervention names, by field. */
function namedIn({ positions = [], keys = [], pairs = [] }: Placed): Record<string, readonly number[]> {
	return { positions, keys, pairs: pairs.flatMap((pair) => pair.slice(0, 2)) };
}

/**
 * The interventions of a run whose sequence has reached `length` positions: positions that are yet to come are left out.
 * One that has none left gets strength 0 instead of being dropped, so that no step is a program of its own.
 */
export function interventionsAt(list: readonly Intervention[], length: number): Intervention[] {
	return list.map((data) => {
		const placed = data as Placed;
		if (!Object.values(namedIn(placed)).some((named) => named.some((p) => p >= length))) return data;
		const { positions, fromPositions, keys, pairs } = placed;
		const reached = {
			...(positions && { positions: positions.filter((p) => p < length) }),
			...(positions &&
				fromPositions && {
					fromPositions: fromPositions.filter((_, i) => (positions[i] as number) < length),
				}),
			...(keys && { keys: keys.filter((p) => p < length) }),
			...(pairs && { pairs: pairs.filter(([query, key]) => Math.max(query, key) < length) }),
		};
		if (Object.values(reached).every((left) => left.length > 0))
			return { ...data, ...reached } as Intervention;
		const { positions: _, ...rest } = data as Placed & { kind: string };
		const muted = {
			...(positions && !keys && { positions: [0] }), // the first query cannot lose its only key
			...(fromPositions && { fromPositions: fromPositions.slice(0, 1) }),
			...(keys && { keys: [0] }),
			...(pairs && { pairs: [[0, 0, 0]] }),
		};
		return { ...rest, ...muted, strength: 0 } as unknown as Intervention;
	});
}

/**
 * Positions must mean the same at every step and in every row.
 * @throws {GenerationError} for those counted from an end that moves, and for prompts that begin at different places
 */
export function checkInterventions(list: readonly Intervention[], padded: boolean): void {
	for (const [i, data] of list.entries()) {
		for (const [field, named] of Object.entries(namedIn(data as Placed))) {
			const where = `interventions[${i}].${field}`;
			const fromEnd = named.find((p) => p < 0);
			if (fromEnd !== undefined)
				reject(where, `got ${fromEnd}, but the end moves with every token; allowed positions from 0`);
			if (padded && named.length > 0)
				reject(where, "the prompts have different lengths, so a position is not the same token in each");
		}
	}
}
