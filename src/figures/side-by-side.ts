import { Tensor } from "../tensor/index.js";
import type { Figure } from "./figure.js";
import { matrixFigure } from "./matrix-figure.js";
import { element } from "./svg.js";
import { drawHeading, type Heading, headingHeight, headingWidth, MARGIN, svgDocument } from "./theme.js";

/** What `sideBySide` draws. */
export interface SideBySideOptions extends Heading {
	/** Rows of figures, each an SVG that a function of this module made. */
	readonly rows: readonly (readonly string[])[];
	/** What a screen reader says. Default: the title. */
	readonly label?: string;
}

/**
 * Figures as one: in rows, the figures of a row aligned at their top and those of a column at their left. They stay
 * lines and text, so the result is as sharp as they are.
 */
export function sideBySide(options: SideBySideOptions): string {
	const { rows } = options;
	const count = rows.flat().length;
	if (count === 0) throw new RangeError("sideBySide: no figures, allowed at least 1");
	const sizes = rows.map((row) => row.map(figureSize));
	const columns = Math.max(...sizes.map((row) => row.length));
	const widths = Array.from({ length: columns }, (_, c) =>
		Math.max(...sizes.map((row) => row[c]?.width ?? 0)),
	);
	const height = headingHeight(options);

	let y = height === 0 ? 0 : MARGIN + height - 8;
	const placed = rows.map((row, r) => {
		let x = 0;
		const figures = row.map((figure, c) => {
			const moved = element("g", { transform: `translate(${x} ${y})` }, figure);
			x += widths[c] as number;
			return moved;
		});
		y += Math.max(0, ...(sizes[r] ?? []).map((size) => size.height));
		return figures.join("");
	});
	const width = widths.reduce((sum, w) => sum + w, 0);
	const heading = height === 0 ? "" : drawHeading(MARGIN, MARGIN, options);
	return svgDocument(
		Math.max(width, height === 0 ? 0 : headingWidth(options) + 2 * MARGIN),
		y,
		options.label ?? `${options.title ?? "Figures side by side"}: ${count} figures`,
		heading,
		...placed,
	);
}

/**
 * Figures in as many rows as it takes to stay within `width` pixels, with about as many in each row; a figure that
 * is wider has a row of its own.
 */
export function inRows(figures: readonly string[], width: number): string[][] {
	const widest = Math.max(...figures.map((figure) => figureSize(figure).width));
	const rows = Math.ceil(figures.length / Math.max(1, Math.floor(width / widest)));
	const perRow = Math.ceil(figures.length / rows);
	return Array.from({ length: Math.ceil(figures.length / perRow) }, (_, row) =>
		figures.slice(row * perRow, (row + 1) * perRow),
	);
}

/** A figure's extents in pixels, as its root element says. @throws {RangeError} for what is no figure. */
export function figureSize(svg: string): { width: number; height: number } {
	const [, width, height] = /^<svg [^>]*?\bwidth="(\d+)" height="(\d+)"/.exec(svg) ?? [];
	if (width === undefined || height === undefined) {
		throw new RangeError(
			`sideBySide: got ${JSON.stringify(svg.slice(0, 40))}, allowed figures: SVG with a width and height in pixels`,
		);
	}
	return { width: Number(width), height: Number(height) };
}

/** The registry's record of `sideBySide`. */
export const sideBySideFigure: Figure = {
	name: "side-by-side",
	doc: "Figures in rows as one figure, to compare samples or runs.",
	sample: () => {
		const figure = (value: number): string =>
			matrixFigure({
				values: Tensor.from([[0, value, 1]]),
				title: `sample ${value}`,
				rows: { title: "y" },
				columns: { title: "example" },
			});
		return sideBySide({ rows: [[figure(0.25), figure(0.75)]], title: "y.T", notes: ["two samples"] });
	},
};
