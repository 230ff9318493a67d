import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { Measurement } from "../work/measure.js";

export const measure = defineMethod({
	doc: "carries out an experiment, JSON; metrics and interventions that do not fit are told one by one, the others measured",
	params: z.strictObject({ text: z.string() }),
	run: async ({ text }, context): Promise<Measurement> =>
		(await import("../work/measure.js")).measureAll(text, context),
});
