/** Donors for interventions of any kind: another input's values at the points they name. */
import { type Model, type ModelInput, Tensor } from "../../src/index.js";
import { type Donor, donorPoints, type Intervention } from "../../src/interventions/index.js";

/** Records what a list needs of a donor "donor", and makes "vectors" with an entry "direction" [d_model]. */
export async function donorsFor(
	model: Model,
	list: readonly Intervention[],
	input: ModelInput,
): Promise<Record<string, Donor>> {
	const names = donorPoints(list, model.sizes).get("donor");
	const direction = Tensor.from(Array.from({ length: model.config.dModel }, (_, i) => Math.sin(i + 1)));
	return {
		vectors: { direction },
		...(names && { donor: (await model.runWithCache(input, { names, logits: false })).cache }),
	};
}
