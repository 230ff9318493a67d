import type { Intervention } from "headscope";
import type { Sae } from "headscope/sae";
import type { StudioHost } from "./host.js";
import { placedAtTaker } from "./refused.js";

/**
 * The autoencoders that interventions take; what the host has not is left to the model to tell.
 * @throws {InterventionError} for one that cannot be read, at the first intervention that takes it
 */
export async function dictionariesFor(
	host: StudioHost,
	interventions: readonly Intervention[],
): Promise<Readonly<Record<string, Sae>>> {
	const taken = new Set(interventions.map((one) => one.kind === "sae" && one.dictionary));
	const found: Record<string, Sae> = {};
	for (const name of host.dictionaries ?? []) {
		if (!taken.has(name)) continue;
		try {
			const sae = await host.loadDictionary?.(name);
			if (sae) found[name] = sae;
		} catch (error) {
			throw placedAtTaker(error, interventions, "dictionary", name);
		}
	}
	return found;
}
