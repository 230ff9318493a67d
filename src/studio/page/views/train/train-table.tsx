import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { bestHead } from "./train-numbers.js";
import { trainRunOf } from "./train-run.js";

/** The numbers behind the charts, as a table that can be read aloud and copied. */
export function TrainTable(): JSX.Element {
	const { frames, losses } = trainRunOf(useStudio());
	const [open, setOpen] = useState(false);
	return (
		<details class="train-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>Numbers</summary>
			{open && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
				<section class="scrolls" tabIndex={0} aria-label="Numbers of the training">
					<table>
						<thead>
							<tr>
								{["updates", "loss", "best induction", "best previous-token"].map((title) => (
									<th key={title} scope="col">
										{title}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{frames.value.map((frame) => (
								<tr key={frame.step}>
									<th scope="row">{frame.step}</th>
									<td>{losses.value[frame.step]?.toFixed(4) ?? ""}</td>
									{(["induction", "previous-token"] as const).map((score) => {
										const { head, value } = bestHead(frame, score);
										return <td key={score}>{`${head}: ${value.toFixed(3)}`}</td>;
									})}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</details>
	);
}
