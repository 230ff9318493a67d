import * as z from "zod/mini";
import { answerField, changedRunFields } from "../asked-fields.js";
import { defineMethod } from "../method.js";
import type { Attributed } from "../work/attribute.js";

const params = z.strictObject({
	...changedRunFields,
	/** Default the last. */
	position: z.optional(z.int().check(z.nonnegative())),
	/** Default: what the unchanged model says there. */
	answers: answerField,
	/** Take its logit minus that of this token. Default none. */
	wrong: answerField,
	neurons: z.int().check(z.minimum(1), z.maximum(200)),
});

export const attribute = defineMethod({
	doc: "direct logit attribution: what each component, each head and the strongest neurons add to a logit",
	params,
	run: async (given, context): Promise<Attributed> =>
		(await import("../work/attribute.js")).attribute(given, context),
});

export type AttributeParams = z.output<typeof params>;
