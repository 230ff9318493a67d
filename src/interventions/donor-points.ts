import type { Sizes } from "./intervention.js";
import { editsOf, type Intervention } from "./registry.js";

/**
 * What a list takes of each donor, by the donor's name: the hook points that have to be recorded, and for `add` the
 * vector's own name.
 * @throws {InterventionError} for data that are not understood or do not fit the model
 */
export function donorPoints(list: readonly Intervention[], sizes: Sizes): Map<string, string[]> {
	const points = new Map<string, string[]>();
	for (const { donor, entry, point } of editsOf(list, sizes)) {
		if (donor === undefined) continue;
		points.set(donor, [...new Set([...(points.get(donor) ?? []), entry ?? point])]);
	}
	return points;
}
