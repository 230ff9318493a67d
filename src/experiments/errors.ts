import { asLine } from "../weights/errors.js";

/** An experiment that is not understood or cannot be run: one line that begins with the file, line and column. */
export class ExperimentError extends Error {
	override readonly name = "ExperimentError";
	/**
	 * What of the experiment's data it is about, keys and indices from the top, such as `["donors", "other", "ids", 0]`;
	 * undefined where it is about no part of them.
	 */
	readonly path: readonly (string | number)[] | undefined;

	constructor(
		message: string,
		{ path, ...options }: ErrorOptions & { readonly path?: ExperimentError["path"] } = {},
	) {
		super(asLine(message), options);
		this.path = path;
	}
}
