import type { Change } from "../../scene/scene.js";

/** Whether a head is zero-ablated by a change of its own. */
export function isWiped(changes: readonly Change[], head: string): boolean {
	return wipedHeads(changes).has(head);
}

/** The heads that are zero-ablated, each by a change of its own. */
export function wipedHeads(changes: readonly Change[]): ReadonlySet<string> {
	return new Set(changes.filter(({ on }) => on).flatMap((change) => wipeOf(change) ?? []));
}

/** The changes with a head wiped, or no longer. */
export function toggleWipe(changes: readonly Change[], head: string): readonly Change[] {
	const others = changes.filter((change) => wipeOf(change) !== head);
	if (isWiped(changes, head)) return others;
	return [...others, { on: true, data: { kind: "zero", heads: [head] } }];
}

/** The only head that a change wipes, at all positions; undefined for any other change. */
function wipeOf({ data }: Change): string | undefined {
	if (data.kind !== "zero" || data.at !== undefined || !Array.isArray(data.heads)) return undefined;
	const [head, ...more] = data.heads as readonly unknown[];
	return more.length === 0 && typeof head === "string" ? head : undefined;
}
