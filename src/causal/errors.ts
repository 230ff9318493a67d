/** A sweep, patch or path that is not understood or does not fit the model: one line. */
export class CausalError extends Error {
	override readonly name = "CausalError";
}

/** Throws a {@link CausalError}; `where` is the option or the place in the data that was given. */
export function reject(where: string, what: string): never {
	throw new CausalError(`${where}: ${what}`);
}
