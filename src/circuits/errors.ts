/** A circuit that is not understood or does not fit the model: one line. */
export class CircuitError extends Error {
	override readonly name = "CircuitError";
}

/** Throws a {@link CircuitError}; `where` is the option or matrix that was given. */
export function reject(where: string, what: string): never {
	throw new CircuitError(`${where}: ${what}`);
}
