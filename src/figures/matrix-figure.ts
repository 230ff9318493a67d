import { Tensor } from "../tensor/index.js";
import { checkShape, checkValues, checkWidth } from "./check.js";
import type { Figure } from "./figure.js";
import { matrix } from "./matrix.js";
import { labelsOf, type NamedAxis } from "./named-axis.js";
import { checkRange, coloursFor, type Range, valueRange } from "./value-range.js";

/** What `matrixFigure` draws: any two-dimensional activation. */
export interface MatrixFigureOptions {
	/** [row, column]. */
	readonly values: Tensor;
	readonly title?: string | undefined;
	/** Lines under the title. */
	readonly notes?: readonly string[];
	readonly rows: NamedAxis;
	readonly columns: NamedAxis;
	/** What the colour bar measures. Default `value`. */
	readonly measure?: string;
	/** Ends of the colours; a value outside is an error. Default: the smallest and the largest value. */
	readonly range?: Range;
	/** Width of the figure in pixels, 240 to 16384; by default a cell is 1 to 36 whole pixels wide. */
	readonly width?: number;
}

/**
 * One matrix as an image with square cells, a title, both axes and a colour bar. Colours are viridis, or red and
 * blue around 0 where the range has both signs.
 */
export function matrixFigure(options: MatrixFigureOptions): string {
	const { values, title, notes = [], rows, columns, measure = "value", width } = options;
	checkShape("matrixFigure: values", values, ["row", "column"]);
	checkWidth("matrixFigure", width);
	checkValues("matrixFigure: values", values);
	const range = options.range ?? valueRange([values]);
	checkRange("matrixFigure", range);
	checkValues("matrixFigure: values", values, range, ", the range");
	const [height = 0, across = 0] = values.shape;
	return matrix({
		grid: { rows: height, columns: across, values: values.to("float64").data },
		rows: labelsOf("matrixFigure", rows, height),
		columns: labelsOf("matrixFigure", columns, across),
		rowTitle: rows.title,
		columnTitle: columns.title,
		colours: coloursFor(range),
		barTitle: measure,
		title,
		notes,
		width,
		label: `${title ?? "Matrix"}: ${height} ${rows.title} by ${across} ${columns.title}`,
	});
}

/** The registry's record of `matrixFigure`. */
export const matrixFigureFigure: Figure = {
	name: "matrix-figure",
	doc: "A two-dimensional activation as an image with its axes and a colour bar.",
	sample: () => {
		const values = Tensor.from(Array.from({ length: 4 }, (_, d) => [0, 1, 2, 3, 4].map((k) => k - d)));
		return matrixFigure({
			values,
			title: "x.T",
			rows: { title: "coordinate" },
			columns: { title: "example", labels: ["x0", "x1", "x2", "x3", "x4"] },
		});
	},
};
