import { signal } from "@preact/signals";
import { FIRST_SCENE } from "../../scene/scene.js";
import type { Studio } from "../../studio.js";

/** Where it is remembered that somebody has seen the tour, or did not want it. */
const KEY = "headscope-tour";

/** The step that is shown, from 0; null while there is no tour. */
export const tourStep = signal<number | null>(null);
/** Whether the card takes the focus: not when the page opens it by itself, in the middle of whatever one does. */
export const takesFocus = signal(false);
/** Whether the list of keys is shown. */
export const showsKeys = signal(false);

/** Whether this is somebody's first visit, and not the address of a scene that somebody shared. */
export function isFirstVisit(): boolean {
	return localStorage.getItem(KEY) === null && location.hash === "";
}

/** Begins the tour, on the scene that it tells of: undo brings back what was there. */
export function beginTour(studio: Studio): void {
	const { model, prompts, changes } = studio.scene.peek();
	const first = { model: FIRST_SCENE.model, prompts: FIRST_SCENE.prompts };
	if (model !== first.model || prompts[0] !== first.prompts[0] || changes.length > 0)
		studio.edit({ ...first, changes: [], head: "", token: null }, "tour");
	studio.show({ view: "heads" });
	takesFocus.value = true;
	showsKeys.value = false;
	tourStep.value = 0;
}

/** Ends the tour for good; the "?" in the page's head opens it again. */
export function endTour(): void {
	localStorage.setItem(KEY, "seen");
	tourStep.value = null;
}
