/** A model whose weights cannot be processed as asked: one line. */
export class ProcessingError extends Error {
	override readonly name = "ProcessingError";
}

/** Throws a {@link ProcessingError}; `where` is the function that was called. */
export function reject(where: string, what: string): never {
	throw new ProcessingError(`${where}: ${what}`);
}
