import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { allDigits } from "../draw/numbers.js";
import { type HeatAxis, placeLabel } from "./heat-axis.js";

export interface HeatTableProps {
	readonly title: string;
	readonly rows: HeatAxis;
	readonly columns: HeatAxis;
	readonly values: ArrayLike<number>;
}

/** A heat map's numbers as a table, made when it is asked for. */
export function HeatTable({ title, rows, columns, values }: HeatTableProps): JSX.Element {
	const [open, setOpen] = useState(false);
	return (
		<details class="heat-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>Table</summary>
			{open && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
				<section class="heat-scroll" tabIndex={0} aria-label={`Table of ${title}`}>
					<table>
						<thead>
							<tr>
								<th scope="col">{rows.title}</th>
								{columns.labels.map((_, column) => (
									<th scope="col" key={column}>
										{placeLabel(columns, column)}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{rows.labels.map((label, row) => (
								<tr key={row}>
									<th scope="row">{label}</th>
									{columns.labels.map((_, column) => (
										<td key={column}>{allDigits(values[row * columns.labels.length + column] as number)}</td>
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
