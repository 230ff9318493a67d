import type { HeadScores } from "headscope/scores";
import * as z from "zod/mini";
import { defineMethod, type MethodContext } from "../method.js";
import { drawnDonorFields } from "../random-donors.js";
import type { Refused } from "../refused.js";
import { rowFields } from "../rows.js";

const params = z.strictObject({
	model: z.string(),
	/** Names of scores; those that want the same samples share their runs. */
	scores: z.array(z.string().check(z.maxLength(60))).check(z.minLength(1), z.maxLength(12)),
	/** Rows that each score draws where none are given. Default 20. */
	samples: z.optional(z.int().check(z.minimum(1), z.maximum(500))),
	/** Of the drawn rows. Default 0. */
	seed: z.optional(z.int()),
	/** Rows to score instead; without them each score draws its own. `bos` counts for either. */
	...rowFields,
	/** What is changed while scores are taken. Default nothing. */
	interventions: z.optional(z.array(z.unknown()).check(z.maxLength(256))),
	donors: drawnDonorFields,
});

export type ScoreParams = z.output<typeof params>;

/** Scores of every head, in the order they were asked for. */
export interface ScoredHeads {
	/** The model that was scored. */
	readonly model: string;
	readonly scores: readonly HeadScores[];
	/** Changes that were left out; absent where there are none. */
	readonly refused?: readonly Refused[];
}

/** Rows that are done, of all. */
export interface ScoreProgress {
	readonly done: number;
	readonly total: number;
}

export const score = defineMethod({
	doc: "scores of every head by name, with controls, lifts and a ranking; on seeded samples or on given rows",
	params,
	run: async (given: ScoreParams, context: MethodContext<ScoreProgress>): Promise<ScoredHeads> => {
		// a page shows patterns before it scores heads
		const { scoreRows } = await import("../score-rows.js");
		return scoreRows(given, context);
	},
});
