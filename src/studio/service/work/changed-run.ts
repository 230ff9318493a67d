import type { Model } from "headscope";
import { type ChangedRun, type Changes, changesFor, type DonorSources } from "../changes.js";
import { type Refused, withFitting } from "../refused.js";
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
	/** Changes that were left out. */
	readonly refused: readonly Refused[];
}

/** A row, and what is changed. */
interface BothOf extends Pick<ChangedRun, "host" | "model"> {
	readonly ids: readonly number[];
	readonly given: {
		readonly interventions: readonly unknown[];
		readonly donors?: DonorSources | undefined;
	};
}

/** Reads a row in both models. Changes that do not fit are left out and told; the others act. */
export async function readBoth<T>(
	{ host, model, ids, given }: BothOf,
	read: (run: Changes) => Promise<T>,
): Promise<Both<T>> {
	const clean = await read({});
	const { result: changed, refused } = await withFitting(given.interventions, async (interventions) => {
		if (interventions.length === 0) return undefined;
		return read(await changesFor(interventions, given.donors, { host, model, input: [ids] }));
	});
	return { clean, ...(changed !== undefined && { changed }), refused };
}
