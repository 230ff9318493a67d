import type * as z from "zod/mini";
import { useStudio } from "../studio.js";

/**
 * What a view keeps in the scene, so that it is in the address: its own part of `scene.views`.
 * @param schema checks what an address brings; where it does not fit, `first` stands
 * @returns the state, and a function that changes it; edits with a kind can be undone
 */
export function useViewState<S extends z.ZodMiniType<object>>(
	id: string,
	schema: S,
	first: z.output<S>,
): [z.output<S>, (next: Partial<z.output<S>>, kind?: string) => void] {
	const studio = useStudio();
	const given = studio.scene.value.views[id];
	const checked = given === undefined ? undefined : schema.safeParse({ ...first, ...(given as object) });
	const state = checked?.success ? checked.data : first;
	const change = (next: Partial<z.output<S>>, kind = ""): void => {
		const { views } = studio.scene.peek();
		studio.edit({ views: { ...views, [id]: { ...first, ...(views[id] as object), ...next } } }, kind);
	};
	return [state, change];
}
