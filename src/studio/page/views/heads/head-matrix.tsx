import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { drawMatrix, largestOf } from "../../draw/draw-pattern.js";
import { isDark } from "../../draw/theme.js";
import { useDrawing } from "../../draw/use-drawing.js";
import { ExportMenu, type Exports } from "../../parts/export-menu.js";
import { ColourBar } from "./colour-bar.js";
import { type Heads, matrixOf, useHeads } from "./heads.js";
import { MatrixAxis } from "./matrix-axis.js";
import { listenToMatrix } from "./matrix-gestures.js";
import { pressMatrixKey } from "./matrix-keys.js";
import { drawMarks } from "./matrix-marks.js";
import { MatrixTable } from "./matrix-table.js";
import { readoutOf } from "./readout.js";

/**
 * One head's matrix, large: rows are queries, columns keys, with their tokens along both sides. The component is made
 * anew for another head (`key`).
 */
export function HeadMatrix({ name }: { name: string }): JSX.Element {
	const heads = useHeads();
	// an address may name a head that this model does not have
	const isThere = useComputed(
		() => heads.patterns.value === undefined || matrixOf(heads.patterns.value, name) !== undefined,
	);
	if (isThere.value) return <MatrixPlot name={name} />;
	return <p class="problem">This model has no head {name}: choose one of the small ones.</p>;
}

function MatrixPlot({ name }: { name: string }): JSX.Element {
	const heads = useHeads();
	const plot = useRef<HTMLDivElement>(null);
	const cells = useRef<HTMLButtonElement>(null);
	const rows = useRef<HTMLDivElement>(null);
	const columns = useRef<HTMLDivElement>(null);
	const drawing = useRef<HTMLCanvasElement>(null);
	const marks = useRef<HTMLCanvasElement>(null);
	const side = useSignal(0);
	const matrix = useComputed(() => heads.patterns.value && matrixOf(heads.patterns.value, name));
	const colours = useComputed(() =>
		heads.coloursOf((hideFirst) => (matrix.value ? largestOf(matrix.value, hideFirst) : 1)),
	);
	const readout = useComputed(() => readoutOf(heads, name));
	const isZoomed = useComputed(() => heads.part.value.cells < (heads.patterns.value?.size ?? 1)).value;

	useLayoutEffect(() => {
		const own = cells.current;
		if (!own) return;
		const sized = new ResizeObserver(() => {
			side.value = own.clientWidth;
		});
		sized.observe(own);
		side.value = own.clientWidth;
		return () => sized.disconnect();
	}, []);
	useEffect(() => {
		const parts = { plot: plot.current, cells: cells.current, rows: rows.current, columns: columns.current };
		if (!parts.plot || !parts.cells || !parts.rows || !parts.columns) return;
		return listenToMatrix({ ...parts } as Parameters<typeof listenToMatrix>[0], heads);
	}, [heads]);
	useDrawing(() => {
		const [own, part, ink, width] = [matrix.value, heads.part.value, colours.value, side.value];
		if (!own || !drawing.current || width === 0) return;
		drawMatrix(drawing.current, own, ink, width * devicePixelRatio, part);
	});
	useDrawing(() => {
		const [place, part, width, dark] = [heads.place.value, heads.part.value, side.value, isDark.value];
		if (marks.current && width > 0) drawMarks(marks.current, place, part, { width, dark });
	});

	return (
		<div class="head-matrix">
			<div class="plot" ref={plot}>
				<div class="corner quiet" aria-hidden="true">
					<span>query ↓</span>
					<span>key →</span>
				</div>
				<MatrixAxis axis="key" side={side.value} box={columns} />
				<MatrixAxis axis="query" side={side.value} box={rows} />
				<button
					type="button"
					ref={cells}
					class={isZoomed ? "cells zoomed" : "cells"}
					aria-label={`Attention pattern of head ${name}`}
					aria-description="Arrows move, Enter locks a query, Escape frees it, plus and minus zoom, Home shows all"
					onKeyDown={(event) => {
						if (event.ctrlKey || event.metaKey || event.altKey) return;
						if (!pressMatrixKey(heads, event.key)) return;
						event.preventDefault();
						event.stopPropagation();
					}}
					onBlur={() => {
						heads.pointed.value = null;
					}}
				>
					<canvas class="drawing" ref={drawing} />
					<canvas class="marks" ref={marks} />
				</button>
			</div>
			<output class="readout" aria-live="polite">
				{readout}
			</output>
			<div class="matrix-foot">
				<ColourBar colours={colours.value} measure={heads.measure.value} />
				<ExportMenu of={exportsOf(heads, name)} />
			</div>
			<MatrixTable name={name} />
		</div>
	);
}

/** What one head's pattern can be saved as; how is fetched when it is asked for. */
function exportsOf(heads: Heads, name: string): Exports {
	const more = (): Promise<typeof import("./matrix-exports.js")> => import("./matrix-exports.js");
	return {
		name: `head-${name}`,
		svg: async () => (await more()).matrixSvg(heads, name),
		csv: async () => (await more()).matrixRows(heads, name),
		json: async () => (await more()).matrixJson(heads, name),
		code: async () => (await more()).matrixCode(heads, name),
	};
}
