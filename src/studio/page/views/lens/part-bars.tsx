import type { JSX } from "preact";
import { allDigits, signedNumber } from "../../draw/numbers.js";

/** A part of a sum. */
export interface Bar {
	readonly label: string;
	readonly value: number;
}

export interface PartBarsProps {
	readonly caption: string;
	/** What a part is: "component". */
	readonly part: string;
	readonly bars: readonly Bar[];
	/** Rows under the parts, without bars: the sum, the logit. */
	readonly sums?: readonly Bar[];
	/** Where the longest bar ends. */
	readonly most: number;
}

/** Numbers of either sign as bars from a line in the middle, in a table. */
export function PartBars({ caption, part, bars, sums = [], most }: PartBarsProps): JSX.Element {
	return (
		<table class="part-bars">
			<caption>{caption}</caption>
			<thead>
				<tr>
					<th scope="col">{part}</th>
					<th scope="col">adds</th>
					<td />
				</tr>
			</thead>
			<tbody>
				{bars.map(({ label, value }) => (
					<tr key={label}>
						<th scope="row">{label}</th>
						<td title={allDigits(value)}>{signedNumber(value)}</td>
						<td class="bar-cell">
							<div
								class={value < 0 ? "bar below" : "bar above"}
								style={{ width: `${(50 * Math.min(Math.abs(value), most)) / most}%` }}
							/>
						</td>
					</tr>
				))}
			</tbody>
			{sums.length > 0 && (
				<tfoot>
					{sums.map(({ label, value }) => (
						<tr key={label}>
							<th scope="row">{label}</th>
							<td title={allDigits(value)}>{signedNumber(value)}</td>
							<td />
						</tr>
					))}
				</tfoot>
			)}
		</table>
	);
}
