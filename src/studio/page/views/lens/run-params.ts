import type { ParamsOf } from "../../../service/registry.js";
import { chosenOf } from "../../parts/chosen-prompt.js";
import type { Studio } from "../../studio.js";

/** What readings run. */
export type ReadingRun = Pick<ParamsOf<"lens">, "model" | "prompts" | "bos" | "interventions" | "donors">;

/** The prompt that is shown, and the changes that are on. Undefined while no model is open. */
export function runParams({ scene, model }: Studio): ReadingRun | undefined {
	const { prompts, bos, changes, donors } = scene.value;
	const ref = model.value?.ref;
	if (ref === undefined) return undefined;
	const interventions = changes.filter(({ on }) => on).map(({ data }) => data);
	const takes = interventions.length > 0 && Object.keys(donors).length > 0;
	return {
		...{ model: ref, prompts: [prompts[chosenOf(scene.value)] ?? ""], interventions },
		...(bos !== null && { bos }),
		...(takes && { donors: { ...donors } }),
	};
}
