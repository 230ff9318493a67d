import { ExperimentError } from "./errors.js";
import type { Experiment } from "./parse-experiment.js";
import { type DataPath, pathText } from "./yaml-places.js";

/** Throws an {@link ExperimentError} about a place in an experiment: `file:line:column: path: what`. */
export function reject(experiment: Experiment, path: DataPath, what: string, cause?: unknown): never {
	throw new ExperimentError(`${experiment.at(path)}: ${pathText(path)}: ${what}`, {
		path,
		...(cause !== undefined && { cause }),
	});
}

/**
 * What a host reads of a file or folder that an experiment names.
 * @param path where the experiment names it
 * @throws {ExperimentError} with that place for what cannot be read, and where the host has no files
 */
export async function readNamed<T>(
	experiment: Experiment,
	path: DataPath,
	file: string,
	read: ((file: string) => Promise<T>) | undefined,
): Promise<T> {
	if (!read) reject(experiment, path, `"${file}": there are no files here`);
	try {
		return await read(file);
	} catch (error) {
		reject(experiment, path, error instanceof Error ? error.message : String(error), error);
	}
}
