/** Activations that do not have the shape a figure or a function of this folder needs. */
export class ActivationError extends Error {
	override readonly name = "ActivationError";
}
