/** A sparse autoencoder that is not understood or does not fit the model: one line. */
export class SaeError extends Error {
	override readonly name = "SaeError";
}

/** Throws a {@link SaeError}; `where` is the file and key. */
export function reject(where: string, what: string): never {
	throw new SaeError(`${where}: ${what}`);
}
