import { matrixFigure, valueRange } from "../figures/index.js";
import type { Tensor } from "../tensor/index.js";
import { ActivationError } from "./error.js";
import { optionallyRotate } from "./optionally-rotate.js";
import { overview } from "./overview.js";

/** Pictures of a batch of sequences. */
export interface BatchFigures {
	/** Every sample's inputs [coordinate, example], side by side in the same colours. */
	readonly xs: string;
	/** All targets as one matrix [sample, example]. */
	readonly ys: string;
}

/**
 * Draws a batch of regression sequences as matrices, such as the inputs along the axes with their targets.
 * @param xs [batch, example, task_size]
 * @param ys [batch, example, 1]
 * @param name what titles call the batch: `name` "trick" gives "x_trick.T" and "y_trick"
 * @throws {ActivationError} for shapes that do not fit
 */
export function batchFigures(xs: Tensor, ys: Tensor, name: string): BatchFigures {
	const [batch = 0, examples = 0] = xs.shape;
	if (xs.shape.length !== 3 || xs.size === 0 || ys.shape.join() !== [batch, examples, 1].join()) {
		throw new ActivationError(
			`batchFigures: xs [${xs.shape.join(", ")}] and ys [${ys.shape.join(", ")}], allowed [batch, example, task_size] and [batch, example, 1]`,
		);
	}
	const range = valueRange([xs]);
	const axes = [{ title: "example" }, { title: "coordinate" }] as const;
	const rotated = Array.from({ length: batch }, (_, i) => optionallyRotate(xs.select(i), `x_${name}`));
	const samples = rotated.map(({ matrix, transposed }, i) => {
		const [rows, columns] = transposed ? [axes[1], axes[0]] : axes;
		return matrixFigure({ values: matrix, title: `sample ${i}`, rows, columns, measure: "x", range });
	});
	return {
		xs: overview(samples, rotated[0]?.name),
		ys: matrixFigure({
			values: ys.reshape([batch, examples]),
			title: `y_${name}`,
			rows: { title: "sample" },
			columns: { title: "example" },
			measure: "y",
		}),
	};
}
