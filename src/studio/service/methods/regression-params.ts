import * as z from "zod/mini";

/** Most sequences of a probe. */
export const MOST_SEQUENCES = 16;

const seed = z.int().check(z.minimum(0), z.maximum(2 ** 32 - 1));
const number = z.number().check(z.minimum(-1e6), z.maximum(1e6));

/** Sequences that a run is looked at on. */
export const probe = z.discriminatedUnion("kind", [
	// in sequence i, coordinate i of x counts 0, 1, 2, ... and the others are 0; the run's first task
	z.strictObject({ kind: z.literal("basis"), seed }),
	z.strictObject({
		kind: z.literal("random"),
		seed,
		/** Tasks that the run was trained on, or fresh Gaussian ones. */
		tasks: z.enum(["pretrain", "true"]),
		count: z.int().check(z.minimum(1), z.maximum(MOST_SEQUENCES)),
	}),
	z.strictObject({
		kind: z.literal("edited"),
		/** [example][coordinate] */
		xs: z.array(z.array(number).check(z.minLength(1))).check(z.minLength(1)),
		/** [example] */
		ys: z.array(number),
	}),
]);

/** Sequences that a run is looked at on. */
export type Probe = z.output<typeof probe>;

/** A run at one of its checkpoints, with changes. */
export const runFields = {
	/** "M=64" */
	run: z.string().check(z.maxLength(200)),
	/** Default the last one. */
	step: z.optional(z.int().check(z.nonnegative())),
	interventions: z.array(z.unknown()).check(z.maxLength(256)),
};
