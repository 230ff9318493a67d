import type { Model, RunOptions } from "headscope";
import type * as z from "zod/mini";
import { type donorFields, recordDonors } from "../methods/look.js";
import { withFitting } from "../refused.js";
import { type GivenRows, type Token, tokenRows } from "../rows.js";

/** The tokens of the one prompt that is given. @throws {Error} for none, and for several */
export function onlyRow(model: Model, given: GivenRows): readonly Token[] {
	const [tokens, more] = tokenRows(model, given);
	if (!tokens || more) throw new Error("prompts: expected one");
	return tokens;
}

/** What is read of the model as it is, and as it is changed. */
export interface Both<T> {
	readonly clean: T;
	/** Absent where nothing is changed. */
	readonly changed?: T;
}

/** What changes a run. */
type Changed = Pick<RunOptions, "interventions" | "donors">;

/** Reads a row in both models. Changes that do not fit are left out, as they are of what the page shows. */
export async function readBoth<T>(
	model: Model,
	ids: readonly number[],
	given: { readonly interventions: readonly unknown[]; readonly donors?: z.output<typeof donorFields> },
	read: (run: Changed) => Promise<T>,
): Promise<Both<T>> {
	const clean = await read({});
	const { result: changed } = await withFitting(given.interventions, async (interventions) => {
		if (interventions.length === 0) return undefined;
		return read({
			interventions,
			donors: await recordDonors(model, [ids], interventions, given.donors ?? {}),
		});
	});
	return { clean, ...(changed !== undefined && { changed }) };
}
