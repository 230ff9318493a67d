import * as z from "zod/mini";
import { donorFields } from "./changes.js";
import { rowFields } from "./rows.js";

/** A token that is asked about: as text, or as id. */
export const answerField = z.optional(z.union([z.string().check(z.maxLength(1000)), z.int()]));

/** Metrics that a sweep goes by, and the tokens that they ask about. */
export const metricFields = {
	metric: z.enum(["log-probability", "logit-difference", "loss", "induction-loss"]),
	/** Default: each row's likeliest next token in the unchanged model. */
	answers: answerField,
	/** Of a logit difference. Default: the second likeliest, of a pair of prompts the likeliest of the other one. */
	wrong: answerField,
};

/** One prompt, and what is changed of the model. */
export const changedRunFields = {
	model: z.string(),
	...rowFields,
	interventions: z.array(z.unknown()).check(z.maxLength(256)),
	donors: donorFields,
};
