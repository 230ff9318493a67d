/** An intervention, pattern or patch that is not understood or does not fit the model: one line. */
export class InterventionError extends Error {
	override readonly name = "InterventionError";
}

/** Throws an {@link InterventionError}; `where` is the place in the data that was given. */
export function reject(where: string, what: string): never {
	throw new InterventionError(`${where}: ${what}`);
}
