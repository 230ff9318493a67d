import { type ReadonlySignal, useComputed } from "@preact/signals";
import * as z from "zod/mini";
import type { PromptLook } from "../../service/methods/look.js";
import type { Scene } from "../scene/scene.js";
import { useStudio } from "../studio.js";

/** What the prompts keep in the scene, beside their texts. */
export const PROMPTS_STATE = z.strictObject({
	/** The prompt whose heads are shown, from 0. */
	chosen: z.int().check(z.nonnegative()),
	/** Whether token ids stand under the tokens. */
	ids: z.boolean(),
});
export const PROMPTS_FIRST = { chosen: 0, ids: false };

/** The part of `scene.views` that the prompts keep. */
export const PROMPTS = "prompts";

/** The chosen prompt's index, inside the list of prompts. */
export function chosenOf({ views, prompts }: Scene): number {
	const { data } = PROMPTS_STATE.safeParse({ ...PROMPTS_FIRST, ...(views[PROMPTS] as object | undefined) });
	return Math.min(data?.chosen ?? 0, prompts.length - 1);
}

/** The look of the chosen prompt; until the first is there, undefined. */
export function lookAt(looks: readonly PromptLook[] | undefined, chosen: number): PromptLook | undefined {
	return looks?.[Math.min(chosen, looks.length - 1)];
}

/** The chosen prompt's look, for views that show one prompt. */
export function useChosenLook(): ReadonlySignal<PromptLook | undefined> {
	const { scene, look } = useStudio();
	const chosen = useComputed(() => chosenOf(scene.value));
	return useComputed(() => lookAt(look.value, chosen.value));
}
