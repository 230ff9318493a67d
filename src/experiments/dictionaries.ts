import type { Sae } from "../sae/sae.js";
import { readNamed } from "./named-files.js";
import type { Experiment } from "./parse-experiment.js";

/**
 * Reads the autoencoders that interventions take by name.
 * @param load reads a folder that the experiment names
 * @throws {ExperimentError} with the place in the file for a folder that cannot be read or holds none
 */
export async function readDictionaries(
	experiment: Experiment,
	load: ((folder: string) => Promise<Sae>) | undefined,
): Promise<Readonly<Record<string, Sae>>> {
	const read: [string, Sae][] = [];
	for (const [name, folder] of Object.entries(experiment.data.dictionaries ?? {})) {
		read.push([name, await readNamed(experiment, ["dictionaries", name], folder, load)]);
	}
	return Object.fromEntries(read);
}
