import { asLine } from "../weights/errors.js";

/** An experiment that is not understood or cannot be run: one line that begins with the file, line and column. */
export class ExperimentError extends Error {
	override readonly name = "ExperimentError";

	constructor(message: string, options?: ErrorOptions) {
		super(asLine(message), options);
	}
}
