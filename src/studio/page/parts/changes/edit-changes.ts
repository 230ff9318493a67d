import type { Intervention } from "headscope";
import type { Change, Scene } from "../../scene/scene.js";
import type { Studio } from "../../studio.js";

/** A change that is about to be made, with the donors that it takes. */
export interface NewChange {
	readonly data: Intervention;
	readonly donors?: Scene["donors"];
	/** Where it comes from, for people. */
	readonly note?: string;
}

/** Adds a change at the list's end. @returns its place */
export function addChange(studio: Studio, { data, donors, note }: NewChange): number {
	const scene = studio.scene.peek();
	const changes = [...scene.changes, { on: true, data, ...(note !== undefined && { note }) }];
	studio.edit(
		{ changes, ...(donors && { donors: { ...scene.donors, ...donors } }) },
		`add ${changes.length} ${data.kind}`,
	);
	return changes.length - 1;
}

/** Edits one change; edits of the same field in quick succession are one step of undo. */
export function editChange(studio: Studio, index: number, next: Partial<Change>, field: string): void {
	const { changes } = studio.scene.peek();
	const edited = changes.map((change, i) => (i === index ? { ...change, ...next } : change));
	studio.setChanges(edited, `change ${index} ${field}`);
}

export function removeChange(studio: Studio, index: number): void {
	const { changes } = studio.scene.peek();
	studio.setChanges(changes.toSpliced(index, 1), `remove ${index} of ${changes.length}`);
}

/** Moves a change by one place; changes at one point act in the list's order. */
export function moveChange(studio: Studio, index: number, by: 1 | -1): void {
	const changes = [...studio.scene.peek().changes];
	const [moved] = changes.splice(index, 1);
	if (!moved) return;
	changes.splice(index + by, 0, moved);
	studio.setChanges(changes, `move ${index} ${by}`);
}

/** All off where one is on, else all on. */
export function switchAll(studio: Studio): void {
	const { changes } = studio.scene.peek();
	const on = !changes.some((change) => change.on);
	studio.setChanges(
		changes.map((change) => ({ ...change, on })),
		`all ${on ? "on" : "off"}`,
	);
}

/** Why changes are left out of what is shown, by their JSON. */
export function refusals({ look }: Studio): ReadonlyMap<string, string> {
	const refused = look.value?.[0]?.refused ?? [];
	return new Map(refused.map(({ data, why }) => [JSON.stringify(data), why]));
}
