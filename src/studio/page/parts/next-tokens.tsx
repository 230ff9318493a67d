import type { JSX } from "preact";
import { useStudio } from "../studio.js";

/** The likeliest next tokens, in the model as it is and as it is changed. */
export function NextTokens(): JSX.Element {
	const { look } = useStudio();
	const first = look.value?.[0];
	const next = first?.next ?? [];
	const changed = first?.changed !== undefined;
	return (
		<section class="next" aria-label="Next token">
			<h2>Next token</h2>
			<table>
				<thead>
					<tr>
						<th scope="col">token</th>
						<th scope="col">{changed ? "clean" : "probability"}</th>
						{changed && <th scope="col">changed</th>}
					</tr>
				</thead>
				<tbody>
					{next.slice(0, 10).map(({ id, shown, clean, changed: after }) => (
						<tr key={id}>
							<th scope="row">
								<code>{shown}</code>
							</th>
							<Share value={clean} />
							{after !== undefined && <Share value={after} />}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function Share({ value }: { value: number }): JSX.Element {
	return (
		<td class="share">
			<span class="bar" style={{ width: `${100 * value}%` }} />
			<span>{value >= 5e-5 || value === 0 ? value.toFixed(4) : value.toExponential(1)}</span>
		</td>
	);
}
