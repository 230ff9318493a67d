import * as z from "zod/mini";
import { defineMethod } from "../method.js";

/** What serves this page. */
export interface Greeting {
	/** Models that can be opened by name, the one to begin with first. */
	readonly models: readonly string[];
	/** Whether hub ids and addresses can be opened beside these. */
	readonly anyModel: boolean;
	/** Whether files can be dropped. */
	readonly files: boolean;
	/** Sparse autoencoders that changes may take, by their folders. */
	readonly dictionaries: readonly string[];
	/** Trained in-context regression runs that can be opened, such as "M=64". */
	readonly runs: readonly string[];
	/** What computes, for people. */
	readonly engine: string;
	readonly versions: Readonly<Record<string, string>>;
}

export const hello = defineMethod({
	doc: "what there is to look at, and what computes",
	params: z.strictObject({}),
	run: async (_, { state }): Promise<Greeting> => {
		const { models, anyModel, engine, versions, openFiles, checkpoints, dictionaries = [] } = state.host;
		const runs = checkpoints?.runs ?? [];
		return { models, anyModel, engine, versions, dictionaries, runs, files: openFiles !== undefined };
	},
});
