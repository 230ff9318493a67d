import type { Model } from "headscope";
import type { StudioState } from "./state.js";

const underWay = new WeakMap<StudioState, Map<string, Promise<void>>>();

/**
 * Opens a model unless it is open; callers that want the same one meanwhile wait for the same. Nobody's giving up ends
 * it, so it is for what is small: the steps of a training, which are fetched ahead.
 */
export async function openOnce(state: StudioState, ref: string, open: () => Promise<Model>): Promise<void> {
	if (state.has(ref)) return;
	const all = underWay.get(state) ?? new Map<string, Promise<void>>();
	underWay.set(state, all);
	const opening =
		all.get(ref) ??
		open()
			.then((model) => state.keep(ref, model))
			.finally(() => all.delete(ref));
	all.set(ref, opening);
	await opening;
}
