/** A lens or attribution that is not understood or does not fit the model or the rows: one line. */
export class LensError extends Error {
	override readonly name = "LensError";
}

/** Throws a {@link LensError}; `where` is the option that was given. */
export function reject(where: string, what: string): never {
	throw new LensError(`${where}: ${what}`);
}
