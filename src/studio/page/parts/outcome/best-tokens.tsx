import type { JSX } from "preact";
import { figure } from "../../draw/numbers.js";
import { useStudio } from "../../studio.js";
import { useChosenLook } from "../chosen-prompt.js";
import { CompareTable } from "./compare-table.js";
import { NumberCell } from "./number-cell.js";

/** Tokens whose logits are listed. */
const LISTED = 10;

/** What becomes of each prompt's best next token of the clean model. */
export function BestTokens(): JSX.Element {
	const looks = useStudio().look.value ?? [];
	return (
		<table class="figures" aria-label="The clean model's best next token">
			<thead>
				<tr>
					<th scope="col">best token</th>
					<th scope="col">probability</th>
					<th scope="col">changed</th>
					<th scope="col">logit</th>
					<th scope="col">changed</th>
				</tr>
			</thead>
			<tbody>
				{looks.map(({ next: [best] }, prompt) => (
					<tr key={prompt}>
						<th scope="row">
							{looks.length > 1 && <span class="quiet">prompt {prompt + 1} </span>}
							<code>{best?.shown}</code>
						</th>
						<NumberCell value={best?.clean} text={figure} />
						<NumberCell value={best?.changed} text={figure} />
						<NumberCell value={best?.cleanLogit} text={figure} />
						<NumberCell value={best?.changedLogit} text={figure} />
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** The logits of the chosen prompt's likeliest next tokens, of either model. */
export function Logits(): JSX.Element {
	const next = useChosenLook().value?.next ?? [];
	return (
		<details>
			<summary>Logits of the likeliest tokens</summary>
			<CompareTable
				label="Logits"
				rows={next.slice(0, LISTED).map(({ id, shown, cleanLogit, changedLogit }) => ({
					key: id,
					head: <code>{shown}</code>,
					clean: cleanLogit,
					changed: changedLogit,
				}))}
			/>
		</details>
	);
}
