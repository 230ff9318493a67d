/** A reference, text or option of a verification that is not understood or does not fit the model: one line. */
export class VerifyError extends Error {
	override readonly name = "VerifyError";
}

/** Throws a {@link VerifyError}; `where` is the option that was given. */
export function reject(where: string, what: string): never {
	throw new VerifyError(`${where}: ${what}`);
}
