import * as z from "zod/mini";
import { baseOf } from "../../step-ref.js";
import type { Checkpoints } from "../checkpoint-host.js";
import { defineMethod, type MethodContext } from "../method.js";

/** The kept steps of a model's training. */
export interface TrainingSteps extends Checkpoints {
	/** The model's name, without a step. */
	readonly model: string;
}

export const steps = defineMethod({
	doc: "the kept steps of a model's training, and what is known of them",
	params: z.strictObject({
		model: z.string().check(z.minLength(1), z.maxLength(500)),
		/** Score every checkpoint, where that was not done before. */
		measure: z.optional(z.boolean()),
	}),
	run: async (
		{ model, measure },
		{ state, signal, report }: MethodContext<{ readonly done: number; readonly total: number }>,
	): Promise<TrainingSteps> => {
		const base = baseOf(model);
		const found = (await state.host.checkpoints?.steps(base)) ?? { steps: [] };
		if (found.phase || !measure || found.steps.length === 0) return { model: base, ...found };
		const { measurePhase } = await import("../measure-phase.js");
		return {
			model: base,
			steps: found.steps,
			phase: await measurePhase(state, base, found.steps, { signal, report }),
		};
	},
});
