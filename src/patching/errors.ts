/** A module, location or value that a patch or probe cannot work with: one line. */
export class PatchError extends Error {
	override readonly name = "PatchError";
}

/** Throws a {@link PatchError}; `where` is the module's path or the location. */
export function reject(where: string, what: string): never {
	throw new PatchError(`${where}: ${what}`);
}
