import * as z from "zod/mini";
import { defineMethod } from "../method.js";

export const close = defineMethod({
	doc: "frees a model",
	params: z.strictObject({ ref: z.string() }),
	run: ({ ref }, { state }): Promise<void> => state.close(ref),
});
