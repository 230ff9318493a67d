import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { TrainFrame } from "../training/training.js";
import { promptField, trainingField } from "./train-start.js";

export const trainLook = defineMethod({
	doc: "what the heads of a training did after an update whose weights were kept",
	params: z.strictObject({
		training: trainingField,
		step: z.int().check(z.nonnegative()),
		prompt: promptField,
	}),
	run: async ({ training, step, prompt }, { state }): Promise<TrainFrame> => {
		const { Trainings } = await import("../training/trainings.js");
		return Trainings.of(state).find(training).measureAt(step, prompt);
	},
});
