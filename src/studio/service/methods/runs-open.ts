import * as z from "zod/mini";
import { defineMethod } from "../method.js";
import type { RunInfo } from "../regression/run-info.js";

export const runsOpen = defineMethod({
	doc: "opens a regression run; what it is, and what was measured at its checkpoints",
	params: z.strictObject({ run: z.string().check(z.maxLength(200)) }),
	run: async ({ run }, { state }): Promise<RunInfo> => {
		const opened = await state.runs.run(run);
		const { infoOf } = await import("../regression/run-info.js");
		return infoOf(run, opened);
	},
});
