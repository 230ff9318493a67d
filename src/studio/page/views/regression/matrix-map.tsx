import type { JSX, TargetedPointerEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { PanelAxis } from "../../../service/regression/activation.js";
import { decimals, significant } from "../../draw/decimals.js";
import { isDark } from "../../draw/theme.js";
import { coloursOf, drawValues, type ValueRange } from "./draw-values.js";

/** Decimals of tables. */
const DIGITS = 5;

export interface MatrixMapProps {
	readonly title: string;
	/** Row after row. */
	readonly values: ArrayLike<number>;
	readonly shape: readonly [rows: number, columns: number];
	readonly rows: PanelAxis;
	readonly columns: PanelAxis;
	readonly range: ValueRange;
	/** What the numbers are: "attention". */
	readonly measure: string;
	/** Leave the colours' legend out, where a neighbour has the same. */
	readonly plain?: boolean;
}

/** More labels than this would not be readable along an edge. */
const MOST_LABELS = 20;

/** A matrix as colours with its labels, a line that says what is under the pointer, and on demand a table. */
export function MatrixMap(props: MatrixMapProps): JSX.Element {
	const { title, values, shape, rows, columns, range, measure, plain } = props;
	const canvas = useRef<HTMLCanvasElement>(null);
	const [under, setUnder] = useState<readonly [number, number] | undefined>();
	const dark = isDark.value;
	const [low, high] = range;
	useLayoutEffect(() => {
		if (canvas.current) drawValues(canvas.current, values, shape, coloursOf([low, high], dark));
	}, [values, shape[0], shape[1], low, high, dark]);
	const [height, width] = shape;
	const place = (event: TargetedPointerEvent<HTMLCanvasElement>): void => {
		const box = event.currentTarget.getBoundingClientRect();
		const row = Math.floor(((event.clientY - box.top) / box.height) * height);
		const column = Math.floor(((event.clientX - box.left) / box.width) * width);
		if (row >= 0 && row < height && column >= 0 && column < width) setUnder([row, column]);
	};
	return (
		<figure class="matrix-map">
			<figcaption>{title}</figcaption>
			<div class="map-box">
				<Labels axis={rows} count={height} class="map-rows" />
				<canvas
					ref={canvas}
					role="img"
					aria-label={`${title}: ${measure}, ${height} by ${width}; the table has the numbers`}
					style={{ aspectRatio: `${width} / ${height}` }}
					onPointerMove={place}
					onPointerLeave={() => setUnder(undefined)}
				/>
				<Labels axis={columns} count={width} class="map-columns" />
			</div>
			{!plain && <Legend range={range} measure={measure} dark={dark} />}
			<p class="map-readout">{under && readout(props, under)}</p>
			<MatrixTable {...props} />
		</figure>
	);
}

function Labels({
	axis,
	count,
	class: name,
}: {
	axis: PanelAxis;
	count: number;
	class: string;
}): JSX.Element {
	const labels = axis.labels && count <= MOST_LABELS ? axis.labels.slice(0, count) : undefined;
	return (
		<div class={name} aria-hidden="true">
			{labels ? (
				labels.map((label) => <span key={label}>{label}</span>)
			) : (
				<span class="map-title">{axis.title && `${axis.title} 0 to ${count - 1}`}</span>
			)}
		</div>
	);
}

/** What the colours mean. */
function Legend({
	range: [low, high],
	measure,
	dark,
}: {
	range: ValueRange;
	measure: string;
	dark: boolean;
}): JSX.Element {
	const bar = useRef<HTMLCanvasElement>(null);
	const colours = coloursOf([low, high], dark);
	const [first, last] = colours.ends;
	useLayoutEffect(() => {
		const steps = Float32Array.from({ length: 64 }, (_, i) => first + ((last - first) * i) / 63);
		if (bar.current) drawValues(bar.current, steps, [1, 64], colours);
	}, [first, last, dark]);
	return (
		<p class="map-legend">
			{significant(first, 3)} <canvas ref={bar} role="img" aria-label="to" /> {significant(last, 3)} {measure}
		</p>
	);
}

/** The numbers, made when they are asked for. */
function MatrixTable({ title, values, shape: [height, width], rows, columns }: MatrixMapProps): JSX.Element {
	const [open, setOpen] = useState(false);
	return (
		<details class="map-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>Table</summary>
			{open && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
				<section class="scrolls" tabIndex={0} aria-label={`Table of ${title}`}>
					<table class="numbers">
						<thead>
							<tr>
								<th scope="col">{rows.title}</th>
								{Array.from({ length: width }, (_, column) => (
									<th scope="col" key={column}>
										{labelOf(columns, column)}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{Array.from({ length: height }, (_, row) => (
								<tr key={row}>
									<th scope="row">{labelOf(rows, row)}</th>
									{Array.from({ length: width }, (_, column) => (
										<td key={column}>{decimals(values[row * width + column], DIGITS)}</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</details>
	);
}

function readout(
	{ values, shape, rows, columns }: MatrixMapProps,
	[row, column]: readonly [number, number],
): string {
	const place = (axis: PanelAxis, at: number): string => `${axis.title} ${labelOf(axis, at)}`.trim();
	return `${place(rows, row)}, ${place(columns, column)}: ${decimals(values[row * shape[1] + column], DIGITS)}`;
}

/** What stands at a place of an axis. */
export function labelOf(axis: PanelAxis, at: number): string {
	return axis.labels?.[at] ?? String(at);
}
