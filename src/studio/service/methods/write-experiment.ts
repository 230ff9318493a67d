import * as z from "zod/mini";
import { defineMethod } from "../method.js";

export const writeExperiment = defineMethod({
	doc: "an experiment's data as the text of a file, which is one that can be read again",
	params: z.strictObject({ data: z.record(z.string(), z.unknown()), format: z.enum(["yaml", "json"]) }),
	run: async ({ data, format }): Promise<string> => {
		const [{ parseExperiment }, { stringify }] = await Promise.all([
			import("headscope/experiments"),
			import("yaml"),
		]);
		const text =
			format === "json"
				? `${JSON.stringify(data, undefined, "\t")}\n`
				: stringify(data, { aliasDuplicateObjects: false, lineWidth: 0 });
		parseExperiment(text, "this scene as an experiment");
		return text;
	},
});
