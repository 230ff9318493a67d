import type { Intervention } from "headscope";
import type { JSX } from "preact";
import type { Refused } from "../../../service/refused.js";
import { sentence } from "./sentence.js";

/** Changes that do not act on what is shown, each with its reason. */
export function LeftOut({ refused, of }: { refused: readonly Refused[]; of: string }): JSX.Element {
	return (
		<div role="alert">
			{refused.map(({ data, why }, i) => (
				<p class="problem" key={i}>
					Left out of {of}: {sentence(data as Intervention)}: {why}
				</p>
			))}
		</div>
	);
}
