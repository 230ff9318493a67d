import type { JSX } from "preact";
import type { NextToken } from "../../service/methods/look.js";
import { decimals } from "../draw/decimals.js";
import { useChosenLook } from "./chosen-prompt.js";

/** The likeliest next tokens of the chosen prompt, in the model as it is and as it is changed. */
export function NextTokens(): JSX.Element {
	const look = useChosenLook();
	return (
		<section class="next" aria-label="Next token">
			<h2>Next token</h2>
			<NextTable next={look.value?.next ?? []} changed={look.value?.changed !== undefined} most={10} />
		</section>
	);
}

/** The table of one prompt. */
export function NextTable({
	next,
	changed,
	most,
}: {
	next: readonly NextToken[];
	changed: boolean;
	most: number;
}): JSX.Element {
	return (
		<table class={changed ? "next-table both" : "next-table"}>
			<thead>
				<tr>
					<th scope="col">token</th>
					<th scope="col">{changed ? "clean" : "probability"}</th>
					{changed && <th scope="col">changed</th>}
				</tr>
			</thead>
			<tbody>
				{next.slice(0, most).map(({ shown, clean, changed: after }, place) => (
					// rows keep their places: what changes is what stands in them
					<tr key={place}>
						<th scope="row">
							<code>{shown}</code>
						</th>
						<Share value={clean} />
						{after !== undefined && <Share value={after} />}
					</tr>
				))}
			</tbody>
		</table>
	);
}

function Share({ value }: { value: number }): JSX.Element {
	return (
		<td class="share">
			<span class="bar" style={{ width: `${100 * value}%` }} />
			<span>{decimals(value, 4)}</span>
		</td>
	);
}
