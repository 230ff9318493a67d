import type { PatchSweep } from "../../../service/work/sweep-patch.js";
import { donorOfText, promptDonor } from "../../parts/changes/donors.js";
import type { Change, Scene } from "../../scene/scene.js";

/** The donor that is the first prompt. */
const CLEAN = promptDonor(0);

/** One cell of a sweep of patches as a change of the scene. */
export function patchChange({ at, across, position }: PatchSweep, layer: number, column: number): Change {
	const places = across === "pos" ? [column] : position === undefined ? undefined : [position];
	const where =
		across === "pos"
			? { layers: [layer] }
			: across === "head"
				? { heads: [`${layer}.${column}`] }
				: { kvHeads: [`${layer}.${column}`] };
	return {
		on: true,
		data: { kind: "patch", at, from: CLEAN, ...where, ...(places && { positions: places }) },
	};
}

/** Whether a change is among those that act. */
export function isApplied(changes: readonly Change[], { data }: Change): boolean {
	const wanted = JSON.stringify(data);
	return changes.some((change) => change.on && JSON.stringify(change.data) === wanted);
}

/** The scene with a patch from its first prompt, or without it again. */
export function togglePatch(scene: Scene, patch: Change): Pick<Scene, "changes" | "donors"> {
	const { changes, donors, prompts } = scene;
	const wanted = JSON.stringify(patch.data);
	const others = changes.filter(({ data }) => JSON.stringify(data) !== wanted);
	if (isApplied(changes, patch)) return { changes: others, donors };
	const clean = donorOfText(prompts[0] ?? "", scene);
	return { changes: [...others, patch], donors: { ...donors, [CLEAN]: clean } };
}
