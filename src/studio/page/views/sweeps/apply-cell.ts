import type { Intervention } from "headscope";
import { type RowFacts, randomRows } from "../../../random-rows.js";
import type { PatchSweep } from "../../../service/work/sweep-patch.js";
import { donorOfText, promptDonor, RANDOM, RANDOM_ROWS, seedOf } from "../../parts/changes/donors.js";
import type { Change, Scene } from "../../scene/scene.js";
import type { Ablation, SweepsState } from "./state.js";

/** What a cell of a sweep does, as changes of the scene. */
export type CellChanges = readonly Intervention[];

/** The donor that is the first prompt. */
const FIRST = promptDonor(0);

/** One cell of a sweep of patches. */
export function patchCell(
	{ at, across, position }: Pick<PatchSweep, "at" | "across" | "position">,
	layer: number,
	column: number,
): CellChanges {
	const places = across === "pos" ? [column] : position === undefined ? undefined : [position];
	const where =
		across === "pos"
			? { layers: [layer] }
			: across === "head"
				? { heads: [`${layer}.${column}`] }
				: { kvHeads: [`${layer}.${column}`] };
	return [{ kind: "patch", at, from: FIRST, ...where, ...(places && { positions: places }) }];
}

/**
 * One cell of a sweep of ablations, as the sweep had it.
 * @param rows of the sweep; where these were random, values come of random rows in the prompts' place too
 */
export function ablationCell(
	kind: Ablation,
	rows: SweepsState["rows"],
	head: string,
	nLayers: number,
): CellChanges {
	const heads = [head];
	const from = rows === "repeat" ? { from: RANDOM } : {};
	if (kind === "mean") return [{ kind, heads, over: "batch-and-pos", ...from }];
	if (kind === "resample") return [{ kind, heads, ...from }];
	const first = Number(head.split(".")[0]) + 1;
	const layers = Array.from({ length: Math.max(0, nLayers - first) }, (_, i) => first + i);
	const frozen = kind === "frozen-patterns" && layers.length > 0;
	return [
		{ kind: "zero", heads },
		...(frozen ? [{ kind: "freeze", at: "pattern", layers, from: "clean" } as const] : []),
	];
}

/** Whether all of a cell's changes are among those that act. */
export function isApplied(changes: readonly Change[], cell: CellChanges): boolean {
	const acting = new Set(changes.filter(({ on }) => on).map(({ data }) => JSON.stringify(data)));
	return cell.every((data) => acting.has(JSON.stringify(data)));
}

/**
 * The scene with a cell's changes, or without them again.
 * @param facts of the prompts, for random rows
 */
export function toggleCell(
	scene: Scene,
	cell: CellChanges,
	facts: RowFacts | undefined,
): Pick<Scene, "changes" | "donors"> {
	const { changes, donors, prompts } = scene;
	if (isApplied(changes, cell)) return { changes: without(changes, cell), donors };
	const taken = new Set(cell.map((data) => "from" in data && data.from));
	return {
		changes: [...changes, ...cell.map((data) => ({ on: true, data }))],
		donors: {
			...donors,
			...(taken.has(FIRST) && { [FIRST]: donorOfText(prompts[0] ?? "", scene) }),
			...(taken.has(RANDOM) && facts && { [RANDOM]: { ids: randomRows(facts, RANDOM_ROWS, seedOf(scene)) } }),
		},
	};
}

/** One of each is taken away: cells may have changes in common. */
function without(changes: readonly Change[], cell: CellChanges): readonly Change[] {
	const left = [...changes];
	for (const data of cell) {
		const text = JSON.stringify(data);
		const at = left.findIndex((change) => change.on && JSON.stringify(change.data) === text);
		if (at >= 0) left.splice(at, 1);
	}
	return left;
}
