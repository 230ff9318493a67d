import type { Sizes } from "./intervention.js";
import { editsOf, type Intervention } from "./registry.js";

/**
 * What has to be recorded for a list: the hook points that it takes of each donor, by the donor's name.
 * @throws {InterventionError} for data that are not understood or do not fit the model
 */
export function donorPoints(list: readonly Intervention[], sizes: Sizes): Map<string, string[]> {
	const points = new Map<string, string[]>();
	for (const { donor, point } of editsOf(list, sizes)) {
		if (donor === undefined) continue;
		points.set(donor, [...new Set([...(points.get(donor) ?? []), point])]);
	}
	return points;
}
