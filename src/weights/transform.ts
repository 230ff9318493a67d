import { WeightsError } from "./errors.js";
import type { Transform } from "./weights-spec.js";

/** Writes `values`, which are the elements from `at` on in the file's order, to where they belong. */
export type Placer = (values: Float32Array, at: number) => void;

/** The shape that a stored shape has after a transform. */
export function shapeAfter(transform: Transform | undefined, stored: readonly number[]): readonly number[] {
	return transform?.kind === "transpose" ? stored.toReversed() : stored;
}

/** How elements of a tensor stored with shape `stored` go into `target`; undefined: in the same order. */
export function placerOf(
	transform: Transform | undefined,
	stored: readonly number[],
	target: Float32Array,
): Placer | undefined {
	if (!transform) return undefined;
	const rows = stored[0] ?? 1;
	const columns = target.length / Math.max(1, rows);
	if (transform.kind === "transpose") {
		if (stored.length !== 2) {
			throw new WeightsError(`internal: transpose needs two axes, got shape [${stored.join(", ")}]`);
		}
		return (values, at) => {
			const first = at / columns;
			for (let c = 0; c < columns; c++) {
				for (let i = c, to = c * rows + first; i < values.length; i += columns) {
					target[to++] = values[i] as number;
				}
			}
		};
	}
	const placeOf = rowPlacerOf(transform, rows);
	return (values, at) => {
		for (let i = 0, row = at / columns; i < values.length; i += columns, row++) {
			target.set(values.subarray(i, i + columns), placeOf(row) * columns);
		}
	};
}

/** Where each of the stored rows belongs, for transforms that leave rows as they are. */
export function rowPlacerOf(transform: Transform | undefined, rows: number): (row: number) => number {
	if (!transform) return (row) => row;
	if (transform.kind === "transpose") throw new WeightsError("internal: transpose leaves no row as it is");
	const { heads } = transform;
	if (rows % (2 * heads) !== 0) {
		throw new WeightsError(`internal: ${rows} rows are not ${heads} heads of an even width`);
	}
	const width = rows / heads;
	return (row) => {
		const within = row % width;
		// rows 2j and 2j + 1 of a head become rows j and j + width / 2
		return row - within + (within % 2) * (width / 2) + Math.floor(within / 2);
	};
}
