import * as z from "zod/mini";
import { answerField, changedRunFields } from "../asked-fields.js";
import { defineMethod } from "../method.js";
import type { LensReading } from "../work/lens.js";

const params = z.strictObject({
	...changedRunFields,
	at: z.array(z.enum(["resid_pre", "attn_out", "resid_mid", "mlp_out"])).check(z.minLength(1)),
	top: z.int().check(z.minimum(1), z.maximum(20)),
	/** Default: what the unchanged model says behind the last token. */
	track: answerField,
});

export const lens = defineMethod({
	doc: "the logit lens: best tokens at each point of the residual stream and position, and one token that is tracked",
	params,
	run: async (given, context): Promise<LensReading> => (await import("../work/lens.js")).lens(given, context),
});

export type LensParams = z.output<typeof params>;
