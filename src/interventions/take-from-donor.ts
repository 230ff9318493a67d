import { checkAligned, type DonorChoice, isSquare, takenFrom } from "./donors.js";
import { type Change, restOf } from "./point-edits.js";
import type { Target } from "./targets.js";

/**
 * A donor's value in the run's place.
 * @param rowOf which of the donor's rows a row takes. Default that of its number, or the only one
 */
export function takeFromDonor(
	choice: DonorChoice,
	target: Target,
	where: string,
	rowOf?: (row: number, donorRows: number) => number,
): Change {
	return {
		structure: "donor's value",
		donor: choice.from,
		changed: (value, _, site) =>
			isSquare(target)
				? site.take("donor", [value.dim(0)], value.shape.slice(1))
				: site.take("donor", [value.dim(0), value.dim(1)], restOf(value, target)),
		feeds: (run) => {
			if (rowOf) checkAligned(run, `${where}.from`);
			return { donor: takenFrom(choice, target, run, where, rowOf) };
		},
	};
}
