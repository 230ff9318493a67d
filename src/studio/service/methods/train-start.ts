import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { TrainFrame } from "../training/training.js";

/** Longest text that is read while training, in letters; the model's context is 32 tokens. */
const prompt = z.string().check(z.maxLength(2000));
export const trainingField = z.int().check(z.positive());
export const promptField = prompt;

/** A training that began. */
export interface StartedTraining {
	readonly id: number;
	readonly nLayers: number;
	readonly nHeads: number;
	/** Numbers that are trained. */
	readonly parameters: number;
	/** What the untrained model does. */
	readonly frame: TrainFrame;
}

export const trainStart = defineMethod({
	doc: "begins to train the demo model's recipe from scratch; the training before it ends",
	params: z.strictObject({
		seed: z.int().check(z.minimum(0), z.maximum(2 ** 31 - 1)),
		lr: z.number().check(z.positive(), z.maximum(0.1)),
		batch: z.int().check(z.minimum(1), z.maximum(256)),
		// as many as the recipe's schedule has
		steps: z.int().check(z.minimum(1), z.maximum(4000)),
		prompt,
	}),
	run: async ({ prompt, ...settings }, { state, signal }): Promise<StartedTraining> => {
		const { Trainings } = await import("../training/trainings.js");
		const { id, training } = await Trainings.of(state).start(settings, signal);
		// the first one compiles, and would make measuring look dear
		await training.measureNow(prompt);
		return { id, ...training.sizes, frame: await training.measureNow(prompt) };
	},
});
