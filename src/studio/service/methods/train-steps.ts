import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { TrainFrame } from "../training/training.js";
import { promptField, trainingField } from "./train-start.js";

/** How far a training is. */
export interface TrainReport {
	/** Updates that were done. */
	readonly step: number;
	/** Loss of each update from the one that was asked for, before the update. */
	readonly losses: readonly number[];
	/** Updates after which the weights were kept: `trained-here@STEP` opens these models. */
	readonly kept: readonly number[];
	/** What the model does now, where it was measured. */
	readonly frame?: TrainFrame;
	/** Whether nothing is left to do. */
	readonly ended: boolean;
	/** Why it ended early; empty when it did not. */
	readonly problem: string;
}

export const trainSteps = defineMethod({
	doc: "trains on for a while, and measures the heads as often as costs less than a fifth of the time",
	params: z.strictObject({
		training: trainingField,
		/** Losses from here on are told: the page may have missed some. */
		from: z.int().check(z.nonnegative()),
		/** Milliseconds that the call may take, about. */
		ms: z.int().check(z.minimum(1), z.maximum(5000)),
		/** Most updates; 0 to look only. */
		updates: z.optional(z.int().check(z.nonnegative())),
		prompt: promptField,
		/** Measure and keep the model where the call ends, as before a pause. */
		look: z.optional(z.boolean()),
	}),
	run: async (
		{ training: id, from, ms, updates = Number.MAX_SAFE_INTEGER, prompt, look = false },
		{ state, signal },
	): Promise<TrainReport> => {
		const { Trainings } = await import("../training/trainings.js");
		const training = Trainings.of(state).find(id);
		await training.advance({ ms, updates, signal });
		if (look) await training.keep();
		const wanted = look || training.ended || training.affordsMeasure;
		const frame = wanted && training.problem === "" ? await training.measureNow(prompt) : undefined;
		return {
			step: training.step,
			losses: training.losses.slice(from),
			kept: training.steps,
			...(frame && { frame }),
			ended: training.ended,
			problem: training.problem,
		};
	},
});
