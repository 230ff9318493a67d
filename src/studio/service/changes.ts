import type { Donor, Intervention, Model, ModelInput, RunOptions } from "headscope";
import { donorPoints } from "headscope/interventions";
import * as z from "zod/mini";
import type { StudioHost } from "./host.js";
import { placedAtTaker } from "./refused.js";
import { type GivenRows, rowFields, tokenRows } from "./rows.js";

/** Rows that are run without interventions: their own, or the very rows that are changed. */
export const donorSource = z.union([z.literal("unchanged"), z.strictObject(rowFields)]);

/** Where interventions take values from, by name. */
export const donorFields = z.optional(z.record(z.string(), donorSource));

/** Whose values interventions take. Default "unchanged": the same rows in the model as it is. */
export type DonorSources = Readonly<Record<string, GivenRows | "unchanged">>;

/** What changes a run. */
export type Changes = Pick<RunOptions, "interventions" | "donors" | "dictionaries">;

/** The rows that are changed, and where. */
export interface ChangedRun {
	readonly host: StudioHost;
	readonly model: Model;
	readonly input: ModelInput;
	readonly mask?: RunOptions["mask"];
}

/**
 * Interventions with what they take by name: donors are recorded for the rows, autoencoders read.
 * @throws {InterventionError} for what cannot be taken, at the first intervention that takes it
 */
export async function changesFor(
	interventions: readonly Intervention[],
	sources: DonorSources | undefined,
	{ host, model, input, mask }: ChangedRun,
): Promise<Changes> {
	const dictionaries = interventions.some(({ kind }) => kind === "sae")
		? // few look at features
			await (await import("./dictionaries.js")).dictionariesFor(host, interventions)
		: undefined;
	const donors: Record<string, Donor> = {};
	for (const [name, names] of donorPoints(interventions, { ...model.sizes, dictionaries })) {
		const source = sources?.[name] ?? "unchanged";
		try {
			const same = source === "unchanged";
			const rows = same ? input : tokenRows(model, source).map((row) => row.map(({ id }) => id));
			const options = { names, logits: false, ...(same && mask && { mask }) };
			donors[name] = (await model.runWithCache(rows, options)).cache;
		} catch (error) {
			throw placedAtTaker(error, interventions, "from", name);
		}
	}
	return { interventions, donors, ...(dictionaries && { dictionaries }) };
}
