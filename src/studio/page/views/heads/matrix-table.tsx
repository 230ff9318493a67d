import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { decimals } from "../../draw/decimals.js";
import { valueAt } from "../../draw/draw-pattern.js";
import { largestPlaces, lineOf, matrixOf, sidesOf, useHeads } from "./heads.js";
import { quoted } from "./readout.js";

const MOST = 10;

/** A matrix in numbers: for the locked or pointed-at query, else the last one, the keys with the largest values. */
export function MatrixTable({ name }: { name: string }): JSX.Element {
	const open = useSignal(false);
	return (
		<details
			class="matrix-table"
			onToggle={({ currentTarget }) => {
				open.value = currentTarget.open;
			}}
		>
			<summary>As a table</summary>
			{open.value && <LargestKeys name={name} />}
		</details>
	);
}

function LargestKeys({ name }: { name: string }): JSX.Element | null {
	const heads = useHeads();
	const [patterns, look] = [heads.patterns.value, heads.look.value];
	const matrix = patterns && matrixOf(patterns, name);
	if (!matrix || !look) return null;
	const query = heads.place.value.query ?? patterns.size - 1;
	const keys = largestPlaces(lineOf(matrix, { query, key: null }), MOST);
	const { clean, changed } = sidesOf(look, name);
	return (
		<table>
			<caption>
				Head {name}, query {query} {quoted(patterns, query)}: the {keys.length} keys with the largest values
			</caption>
			<thead>
				<tr>
					<th scope="col">position</th>
					<th scope="col">key</th>
					<th scope="col">{changed ? "clean" : "value"}</th>
					{changed && <th scope="col">changed</th>}
					{changed && <th scope="col">difference</th>}
				</tr>
			</thead>
			<tbody>
				{keys.map((key) => {
					const before = clean ? valueAt(clean, query, key) : 0;
					const after = changed && valueAt(changed, query, key);
					return (
						<tr key={key}>
							<td>{key}</td>
							<th scope="row">
								<code>{patterns.tokens[key]?.shown}</code>
							</th>
							<td>{decimals(before, 5)}</td>
							{after !== undefined && <td>{decimals(after, 5)}</td>}
							{after !== undefined && <td>{decimals(after - before, 5)}</td>}
						</tr>
					);
				})}
			</tbody>
		</table>
	);
}
