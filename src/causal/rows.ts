import { type Donor, entriesOf } from "../interventions/donors.js";
import type { Measure } from "../metrics/index.js";
import type { Tensor } from "../tensor/index.js";
import { takeRows } from "./taken-rows.js";

/** Numbers `from` to `to - 1`. */
export function range(from: number, to: number): number[] {
	return Array.from({ length: to - from }, (_, i) => from + i);
}

/** A measure of some of its rows. */
export function rowsOfMeasure(measure: Measure, rows: readonly number[]): Measure {
	const { metric, input, mask } = measure;
	if (rows.length === metric.rows) return measure;
	const feeds = Object.entries(metric.feeds).map(([name, tensor]) => [name, takeRows(tensor, rows)]);
	return {
		...measure,
		input: takeRows(input as Tensor<"int32">, rows),
		...(mask && { mask: takeRows(mask, rows) }),
		metric: {
			...metric,
			rows: rows.length,
			at: metric.at && rows.map((row) => metric.at?.[row] as readonly number[]),
			feeds: Object.fromEntries(feeds) as Record<string, Tensor>,
		},
	};
}

/**
 * Donors for some of `count` rows; those of a single row serve all.
 * @param points names of hook points, whose values have rows; what else a donor holds, such as a direction, has none
 */
export function rowsOfDonors(
	donors: Readonly<Record<string, Donor>>,
	count: number,
	rows: readonly number[],
	points: ReadonlySet<string>,
): Readonly<Record<string, Donor>> {
	if (rows.length === count) return donors;
	const cut = (name: string, tensor: Tensor): Tensor =>
		points.has(name) && tensor.shape[0] === count ? takeRows(tensor, rows) : tensor;
	return Object.fromEntries(
		Object.entries(donors).map(([name, donor]) => [
			name,
			new Map([...entriesOf(donor)].map(([point, tensor]) => [point, cut(point, tensor)])),
		]),
	);
}
