import type { ComponentChildren, JSX } from "preact";
import { figure, signedFigure } from "../../draw/numbers.js";
import { NumberCell } from "./number-cell.js";

/** A number of the model as it is and, where there is one, as it is changed. */
export interface Compared {
	readonly key: number;
	readonly head: ComponentChildren;
	readonly clean: number;
	readonly changed: number | undefined;
}

/** A number of each token, clean against changed. */
export function CompareTable({ label, rows }: { label: string; rows: readonly Compared[] }): JSX.Element {
	return (
		<table class="figures" aria-label={label}>
			<thead>
				<tr>
					<th scope="col">token</th>
					<th scope="col">clean</th>
					<th scope="col">changed</th>
					<th scope="col">difference</th>
				</tr>
			</thead>
			<tbody>
				{rows.map(({ key, head, clean, changed }) => (
					<tr key={key}>
						<th scope="row">{head}</th>
						<NumberCell value={clean} text={figure} />
						<NumberCell value={changed} text={figure} />
						<NumberCell value={changed === undefined ? undefined : changed - clean} text={signedFigure} />
					</tr>
				))}
			</tbody>
		</table>
	);
}
