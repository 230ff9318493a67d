/** A hook name, selection or function that does not fit the model. */
export class HookError extends Error {
	override readonly name = "HookError";
}
