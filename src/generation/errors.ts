/** A prompt or option of a generation that is not understood: one line. */
export class GenerationError extends Error {
	override readonly name = "GenerationError";
}

/** Throws a {@link GenerationError}; `where` is the option or input. */
export function reject(where: string, what: string): never {
	throw new GenerationError(`${where}: ${what}`);
}
