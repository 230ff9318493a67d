import type { Change } from "../../scene/scene.js";

/** Whether a head is zero-ablated by a change of its own. */
export function isWiped(changes: readonly Change[], head: string): boolean {
	return changes.some((change) => change.on && isWipeOf(change, head));
}

/** The changes with a head wiped, or no longer. */
export function toggleWipe(changes: readonly Change[], head: string): readonly Change[] {
	if (isWiped(changes, head)) return changes.filter((change) => !isWipeOf(change, head));
	return [
		...changes.filter((change) => !isWipeOf(change, head)),
		{ on: true, data: { kind: "zero", heads: [head] } },
	];
}

function isWipeOf({ data }: Change, head: string): boolean {
	return (
		data.kind === "zero" &&
		data.at === undefined &&
		Array.isArray(data.heads) &&
		data.heads.length === 1 &&
		data.heads[0] === head
	);
}
