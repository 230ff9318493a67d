import { asLine } from "../weights/errors.js";

/**
 * What is wrong with a configuration, a sweep, a checkpoint or its storage: always one line that
 * says what, what was found, what is allowed, and where.
 */
export class TrainError extends Error {
	override name = "TrainError";

	constructor(message: string, options?: ErrorOptions) {
		super(asLine(message), options);
	}
}

/** Throws a {@link TrainError}; `where` is the file, the setting or the run. */
export function reject(where: string, what: string, cause?: unknown): never {
	throw new TrainError(`${where}: ${what}`, cause === undefined ? undefined : { cause });
}
