import { Tensor } from "../tensor/index.js";
import { axisLabels } from "./axis-labels.js";
import { checkShape, checkValues } from "./check.js";
import type { ColourScale } from "./colour.js";
import { colourBar, colourBarWidth } from "./colour-bar.js";
import type { Figure } from "./figure.js";
import { labelsOf, type NamedAxis, sameAxis } from "./named-axis.js";
import { gridImage, image, pool } from "./pixels.js";
import { decimals, element, text } from "./svg.js";
import { textWidth } from "./text-width.js";
import {
	drawHeading,
	HAIRLINE,
	type Heading,
	headingHeight,
	headingWidth,
	LABEL_SIZE,
	MARGIN,
	NOTE_SIZE,
	QUIET,
	svgDocument,
} from "./theme.js";
import { checkRange, coloursFor, type Range, valueRange } from "./value-range.js";

/** About how large a panel is, and how large a cell may be, in pixels. */
const PANEL = 112;
const MOST_CELL = 14;
/** Room for a panel's title, for an axis title, and between panels. */
const TITLE = 16;
const AXIS_TITLE = 16;
const GAP = 12;
const SHORTEST_BAR = 84;

/** One matrix of a grid. */
export interface MatrixPanel {
	/** Such as `0.QK`. */
	readonly title: string;
	/** [row, column]. */
	readonly values: Tensor;
	readonly rows: NamedAxis;
	readonly columns: NamedAxis;
}

/** What `matrixGrid` draws: matrices in rows and columns. */
export interface MatrixGridOptions {
	/** Rows of panels, all as long as the first. */
	readonly panels: readonly (readonly MatrixPanel[])[];
	readonly title?: string | undefined;
	/** Lines under the title. */
	readonly notes?: readonly string[];
	/**
	 * One colour bar for all panels, or one for each column of panels; with its title, and the ends of its
	 * colours, by default the smallest and the largest value. A value outside is an error.
	 */
	readonly bars: readonly { readonly title: string; readonly range?: Range | undefined }[];
}

/**
 * Matrices as small multiples with square cells and shared colours: heads down and Q, K, QK, V across, or the
 * patterns of a layer's heads. Neighbours with the same axis share its labels, which stand left and below.
 */
export function matrixGrid(options: MatrixGridOptions): string {
	const { panels, bars } = options;
	checkPanels(panels, bars.length);
	const scales = bars.map(({ range }, i) => scaleOf(panels, bars.length > 1 ? i : undefined, range));
	const cell = cellFor(panels.flat());
	const heading: Heading = { title: options.title, notes: options.notes ?? [] };
	const top = MARGIN + headingHeight(heading);

	const placed = place(panels, cell, scales, top);
	const drawn = placed.panels.map((panel) => {
		const scale = scales[scales.length > 1 ? panel.column : 0] as ColourScale;
		return drawPanel(panel, cell, scale);
	});
	const barHeight = Math.min(220, Math.max(SHORTEST_BAR, placed.bottom - top - TITLE));
	const drawnBars = placed.bars.map((x, i) =>
		colourBar(x, top + TITLE, barHeight, scales[i] as ColourScale, bars[i]?.title ?? ""),
	);
	return svgDocument(
		Math.max(placed.right, MARGIN + headingWidth(heading)) + MARGIN,
		Math.max(placed.bottom, top + TITLE + barHeight + 6) + MARGIN,
		`${options.title ?? "Matrices"}: ${panels.length} rows by ${panels[0]?.length ?? 0} columns of matrices`,
		drawHeading(MARGIN, MARGIN, heading),
		...drawn,
		...drawnBars,
	);
}

function checkPanels(panels: MatrixGridOptions["panels"], bars: number): void {
	const columns = panels[0]?.length ?? 0;
	if (columns === 0 || panels.some((row) => row.length !== columns)) {
		const lengths = panels.map((row) => row.length).join(", ");
		throw new RangeError(`matrixGrid: panels: rows of ${lengths || "no"} panels, allowed equal, at least 1`);
	}
	if (bars !== 1 && bars !== columns) {
		throw new RangeError(`matrixGrid: ${bars} bars for ${columns} columns, allowed 1 or ${columns}`);
	}
	for (const { title, values } of panels.flat()) {
		checkShape(`matrixGrid: "${title}"`, values, ["row", "column"]);
		checkValues(`matrixGrid: "${title}"`, values);
	}
}

/** The colours of all panels, or of those in one column. */
function scaleOf(
	panels: MatrixGridOptions["panels"],
	column: number | undefined,
	given: Range | undefined,
): ColourScale {
	const shared = panels.flatMap((row) => row.filter((_, i) => column === undefined || i === column));
	const range = given ?? valueRange(shared.map(({ values }) => values));
	checkRange("matrixGrid", range);
	for (const { title, values } of shared) checkValues(`matrixGrid: "${title}"`, values, range, ", the range");
	return coloursFor(range);
}

/** Pixels of a cell, the same in all panels: whole where that leaves the largest panel about its size. */
function cellFor(panels: readonly MatrixPanel[]): number {
	const longest = Math.max(...panels.flatMap(({ values }) => values.shape));
	const cell = Math.min(MOST_CELL, PANEL / longest);
	return cell >= 1 ? Math.floor(cell) : cell;
}

interface PlacedPanel extends MatrixPanel {
	readonly column: number;
	/** Top left corner of the image. */
	readonly x: number;
	readonly y: number;
	/** Whether its own row and column labels are drawn; else a neighbour's serve. */
	readonly labelled: { readonly rows: boolean; readonly columns: boolean };
}

/** Where everything goes; rows and columns are as large as their largest panel. */
function place(
	panels: MatrixGridOptions["panels"],
	cell: number,
	scales: readonly ColourScale[],
	top: number,
): { panels: PlacedPanel[]; bars: number[]; right: number; bottom: number } {
	const at = (row: number, column: number): MatrixPanel | undefined => panels[row]?.[column];
	const shared = (a: NamedAxis | undefined, b: NamedAxis | undefined): boolean =>
		!!a && !!b && sameAxis(a, b);
	const labelled = panels.map((row, r) =>
		row.map((panel, c) => ({
			rows: !shared(at(r, c - 1)?.rows, panel.rows),
			columns: !shared(at(r + 1, c)?.columns, panel.columns),
		})),
	);
	const room = (side: "rows" | "columns", r: number, c: number): number => {
		const panel = at(r, c) as MatrixPanel;
		if (!labelled[r]?.[c]?.[side]) return 0;
		const extent = panel.values.shape[side === "rows" ? 0 : 1] as number;
		const labels = axisLabels(labelsOf("matrixGrid", panel[side], extent), cell);
		return (side === "rows" ? labels.extent : labels.depth) + AXIS_TITLE;
	};
	const rows = [...panels.keys()];
	const columns = [...(panels[0] ?? []).keys()];
	const bars: number[] = [];

	let right = MARGIN;
	const lefts = columns.map((c) => {
		const left = right + Math.max(...rows.map((r) => room("rows", r, c)));
		const width = Math.max(
			...rows.map((r) => {
				const { values, title } = at(r, c) as MatrixPanel;
				return Math.max((values.shape[1] as number) * cell, textWidth(title, LABEL_SIZE));
			}),
		);
		right = left + width;
		const scale = scales.length > 1 ? scales[c] : c === columns.length - 1 ? scales[0] : undefined;
		if (scale) {
			bars.push(right + GAP);
			right += GAP + colourBarWidth(scale);
		}
		if (c < columns.length - 1) right += GAP;
		return left;
	});
	let bottom = top;
	const tops = rows.map((r) => {
		const y = bottom + TITLE;
		bottom =
			y +
			Math.max(...columns.map((c) => (at(r, c)?.values.shape[0] as number) * cell + room("columns", r, c)));
		if (r < rows.length - 1) bottom += GAP / 2;
		return y;
	});
	const placed = rows.flatMap((r) =>
		columns.map((c) => ({
			...(at(r, c) as MatrixPanel),
			column: c,
			x: lefts[c] as number,
			y: tops[r] as number,
			labelled: labelled[r]?.[c] as PlacedPanel["labelled"],
		})),
	);
	return { panels: placed, bars, right, bottom };
}

function drawPanel(panel: PlacedPanel, cell: number, scale: ColourScale): string {
	const { values, x, y, rows, columns, labelled } = panel;
	const [height = 0, across = 0] = values.shape;
	const box = { x, y, width: across * cell, height: height * cell };
	const grid = pool(
		{ rows: height, columns: across, values: values.to("float64").data },
		Math.max(1, Math.round(box.height)),
		Math.max(1, Math.round(box.width)),
	);
	const rowLabels = axisLabels(labelsOf("matrixGrid", rows, height), cell);
	const columnLabels = axisLabels(labelsOf("matrixGrid", columns, across), cell);
	const axisTitle = { "font-size": NOTE_SIZE, "text-anchor": "middle", ...QUIET };
	const middle = { x: x + box.width / 2, y: y + box.height / 2 };
	return element(
		"g",
		{ class: "panel", "data-panel": panel.title },
		text(x, y - 4, panel.title),
		image(gridImage(grid, scale), box),
		element("rect", { ...box, ...HAIRLINE }),
		labelled.rows
			? rowLabels.rows(x, y) +
					text(0, 0, rows.title, {
						...axisTitle,
						transform: `translate(${decimals(x - rowLabels.extent - 6)} ${decimals(middle.y)}) rotate(-90)`,
					})
			: "",
		labelled.columns
			? columnLabels.columns(x, y + box.height) +
					text(middle.x, y + box.height + columnLabels.depth + 12, columns.title, axisTitle)
			: "",
	);
}

/** The registry's record of `matrixGrid`. */
export const matrixGridFigure: Figure = {
	name: "matrix-grid",
	doc: "Matrices in rows and columns with shared colours, such as each head's Q, K, QK and V.",
	sample: () => {
		const labels = ["x0", "y0", "x1", "y1"];
		const waves = (phase: number, width: number): Tensor =>
			Tensor.from(labels.map((_, i) => Array.from({ length: width }, (_, j) => Math.sin(phase + 2 * i + j))));
		const row = (head: number): MatrixPanel[] => [
			{
				title: `${head}.Q`,
				values: waves(head, 6),
				rows: { title: "position", labels },
				columns: { title: "channel" },
			},
			{
				title: `${head}.QK`,
				values: waves(head + 2, 4),
				rows: { title: "query", labels },
				columns: { title: "key", labels },
			},
		];
		return matrixGrid({ panels: [row(0), row(1)], title: "Heads", bars: [{ title: "q" }, { title: "q·k" }] });
	},
};
