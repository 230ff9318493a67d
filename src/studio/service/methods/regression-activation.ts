import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { Activation } from "../regression/activation.js";
import { probe, runFields } from "./regression-params.js";

export const regressionActivation = defineMethod({
	doc: "an activation of a regression run on one sequence, as matrices: the pictures of the notebook",
	params: z.strictObject({
		...runFields,
		probe,
		/** A module's path, a hook point, or "x" and "y". */
		location: z.string().check(z.maxLength(200)),
		/** Sequence of the probe. */
		sample: z.int().check(z.nonnegative()),
	}),
	run: async (given, context): Promise<Activation> => {
		const { activationAt } = await import("../regression/activation.js");
		return activationAt(given, context);
	},
});
