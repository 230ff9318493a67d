import type { JSX, TargetedFocusEvent, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { cssColours } from "../draw/css-colours.js";
import { roundUp, signedNumber } from "../draw/numbers.js";
import { diverging, paletteFor, sequential } from "../draw/palette.js";
import { isDark } from "../draw/theme.js";
import { ExportMenu, type Exports } from "./export-menu.js";
import { arrowTarget, type GridCell } from "./grid-keys.js";
import { type HeatAxis, heatRows, placeLabel } from "./heat-axis.js";
import { HeatBar } from "./heat-bar.js";
import { HeatTable } from "./heat-table.js";
import "./heat-map.css";

export interface HeatMapProps {
	/** Above the map, and what it is called for those who hear it. */
	readonly title: string;
	/** Row after row; NaN for cells that are not known yet. */
	readonly values: ArrayLike<number>;
	readonly rows: HeatAxis;
	readonly columns: HeatAxis;
	/** What the numbers are: "change of loss, in nats". */
	readonly measure: string;
	/** Colours around 0, or from 0 to 1. Default "around-0". */
	readonly colours?: "around-0" | "shares";
	/** Where colours around 0 end. Default the largest number, rounded up. */
	readonly most?: number;
	/** How a number is written. Default with a sign and few digits. */
	readonly format?: (value: number) => string;
	/** What a cell says beside its colour. Default its number, where there is room. */
	readonly text?: (row: number, column: number) => string;
	/** What is said of a cell beside its number. */
	readonly detail?: (row: number, column: number) => string;
	/** Cells with a frame. */
	readonly marked?: (row: number, column: number) => boolean;
	/** What a click or Enter does, if anything: "zero-ablates the head". */
	readonly action?: string;
	readonly onPick?: (row: number, column: number) => void;
	/** The table is added as CSV. */
	readonly exports: Exports;
}

const FIRST: GridCell = { row: 0, column: 0 };
/** More columns than this leave no room for numbers in the cells. */
const MOST_PRINTED = 14;

/**
 * Numbers in rows and columns as colours: a grid that arrow keys move in, a line that says what stands in the cell, a
 * bar that says what the colours are, and on demand the same as a table.
 */
export function HeatMap(props: HeatMapProps): JSX.Element {
	const { title, values, rows, columns, measure, format = signedNumber, exports } = props;
	const [active, setActive] = useState(FIRST);
	const [hovered, setHovered] = useState<GridCell | undefined>();
	const shares = props.colours === "shares";
	const high = shares ? 1 : (props.most ?? roundUp(largest(values)));
	const palette = paletteFor(isDark.value, !shares);
	const at = inside(active, rows, columns) ?? FIRST;
	const shown = inside(hovered, rows, columns) ?? at;
	// pointing at cells draws none of them anew
	const grid = useMemo(
		() => (
			<HeatGrid
				{...props}
				active={at}
				place={shares ? sequential("linear", high) : diverging(high)}
				palette={palette}
				high={high}
				onActive={setActive}
				onHover={setHovered}
			/>
		),
		[props, at, palette, high],
	);
	return (
		<figure class="heat-map">
			<figcaption>
				<strong>{title}</strong>
				<ExportMenu of={{ csv: () => heatRows(rows, columns, values), ...exports }} />
			</figcaption>
			{grid}
			<p class="heat-readout">{readout(props, shown, format)}</p>
			<HeatBar palette={palette} low={shares ? 0 : -high} high={high} measure={measure} format={format} />
			<HeatTable {...{ title, rows, columns, values }} />
		</figure>
	);
}

interface GridProps extends HeatMapProps {
	readonly active: GridCell;
	readonly palette: Uint32Array;
	/** Where colours end: a thousandth of it is written as 0 in a cell. */
	readonly high: number;
	readonly place: (value: number) => number;
	readonly onActive: (cell: GridCell) => void;
	readonly onHover: (cell: GridCell | undefined) => void;
}

/** The cells. One of them is in the page's tab order, arrow keys go on from there. */
function HeatGrid(props: GridProps): JSX.Element {
	const { title, values, rows, columns, active, palette, high, place, onActive, onHover, onPick, text } =
		props;
	const grid = useRef<HTMLTableElement>(null);
	const { grounds, inks } = cssColours(palette);
	const format = props.format ?? signedNumber;
	const printed = text !== undefined || columns.labels.length <= MOST_PRINTED;
	const go = ({ row, column }: GridCell): void => {
		const cell = grid.current?.querySelector<HTMLElement>(`[data-cell="${row},${column}"]`);
		cell?.focus();
	};
	const cell = (row: number, column: number): JSX.Element => {
		const value = values[row * columns.labels.length + column] as number;
		const known = !Number.isNaN(value);
		const colour = known ? place(value) : 0;
		// what is heard of a cell has what is seen in it
		const word = text?.(row, column) ?? (Math.abs(value) < high / 1000 ? "0" : format(value));
		const said = text ? `${word}, ${format(value)}` : word;
		const isActive = active.row === row && active.column === column;
		return (
			<td
				key={column}
				// biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table that keys move in
				role="gridcell"
				class={known ? "heat-cell" : "heat-cell unknown"}
				data-cell={`${row},${column}`}
				tabIndex={isActive ? 0 : -1}
				aria-label={nameOf(props, { row, column }, said)}
				aria-selected={props.marked?.(row, column)}
				style={known ? { background: grounds[colour], color: inks[colour] } : undefined}
			>
				{printed && known && <span>{word}</span>}
			</td>
		);
	};
	return (
		<div class="heat-scroll">
			<table
				ref={grid}
				// biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: as its cells
				role="grid"
				aria-label={`${title}, ${props.measure}`}
				class={`heat-grid ${text ? "wide" : printed ? "" : "narrow"} ${onPick ? "picks" : ""}`}
				onFocusIn={(event: TargetedFocusEvent<HTMLElement>) => {
					const focused = cellOf(event.target);
					if (focused) onActive(focused);
				}}
				onPointerOver={(event: TargetedPointerEvent<HTMLElement>) => onHover(cellOf(event.target))}
				onPointerLeave={() => onHover(undefined)}
				onClick={(event) => {
					const clicked = cellOf(event.target);
					if (!clicked) return;
					go(clicked);
					onPick?.(clicked.row, clicked.column);
				}}
				onKeyDown={(event: TargetedKeyboardEvent<HTMLElement>) => {
					const to = arrowTarget(event, active, rows.labels.length, columns.labels.length);
					if (!to && event.key !== "Enter" && event.key !== " ") return;
					event.preventDefault();
					if (to) go(to);
					else onPick?.(active.row, active.column);
				}}
			>
				<thead>
					<tr>
						<th scope="col" class="heat-corner">
							{rows.title} ↓ {columns.title} →
						</th>
						{columns.labels.map((label, column) => (
							<th scope="col" class="heat-column" key={column} title={label}>
								<span>{label}</span>
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.labels.map((label, row) => (
						<tr key={row}>
							<th scope="row" class="heat-label">
								{label}
							</th>
							{columns.labels.map((_, column) => cell(row, column))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** The cell that an event happened in. */
function cellOf(target: EventTarget | null): GridCell | undefined {
	const place = (target as HTMLElement | null)?.closest<HTMLElement>("[data-cell]")?.dataset.cell;
	const [row, column] = place?.split(",").map(Number) ?? [];
	return row === undefined || column === undefined ? undefined : { row, column };
}

/** A cell that may be of a larger map, the one before. */
function inside(cell: GridCell | undefined, rows: HeatAxis, columns: HeatAxis): GridCell | undefined {
	return cell && cell.row < rows.labels.length && cell.column < columns.labels.length ? cell : undefined;
}

/** A cell's place in words, and what stands there. */
function nameOf({ rows, columns, values }: HeatMapProps, { row, column }: GridCell, said: string): string {
	const known = !Number.isNaN(values[row * columns.labels.length + column] as number);
	const place = `${rows.title} ${rows.labels[row]}, ${columns.title} ${placeLabel(columns, column)}`;
	return `${place}: ${known ? said : "not computed yet"}`;
}

function readout(props: HeatMapProps, cell: GridCell, format: (value: number) => string): string {
	const { detail, marked, action, onPick } = props;
	const more = detail?.(cell.row, cell.column) ?? "";
	const does =
		onPick && action
			? `${marked?.(cell.row, cell.column) ? "Enter undoes it" : `Enter or a click ${action}`}`
			: "";
	const value = props.values[cell.row * props.columns.labels.length + cell.column] as number;
	return [nameOf(props, cell, format(value)), more, does].filter((part) => part !== "").join(". ");
}

function largest(values: ArrayLike<number>): number {
	let most = 0;
	for (let i = 0; i < values.length; i++) {
		const size = Math.abs(values[i] as number);
		if (size > most) most = size;
	}
	return most;
}
