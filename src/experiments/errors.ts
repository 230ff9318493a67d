/** An experiment that is not understood or cannot be run: one line that begins with the file, line and column. */
export class ExperimentError extends Error {
	override readonly name = "ExperimentError";
}
