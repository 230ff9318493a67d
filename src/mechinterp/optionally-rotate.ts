import type { Tensor } from "../tensor/index.js";
import { ActivationError } from "./error.js";

/** A matrix that is at least as wide as it is high, and its name. */
export interface Rotated {
	readonly matrix: Tensor;
	/** With `.T` at its end where the matrix was transposed. */
	readonly name: string;
	readonly transposed: boolean;
}

/**
 * Lays a matrix on its side where it has more rows than columns, and says so in its name.
 * @throws {ActivationError} unless it has two dimensions
 */
export function optionallyRotate(matrix: Tensor, name: string): Rotated {
	const [rows = 0, columns = 0] = matrix.shape;
	if (matrix.shape.length !== 2) {
		throw new ActivationError(
			`optionallyRotate: "${name}" has shape [${matrix.shape.join(", ")}], allowed two dimensions`,
		);
	}
	if (rows <= columns) return { matrix, name, transposed: false };
	return { matrix: matrix.transpose(), name: `${name}.T`, transposed: true };
}
