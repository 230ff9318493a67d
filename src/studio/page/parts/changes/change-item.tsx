import type { JSX } from "preact";
import type { Kinds } from "../../../service/methods/kinds.js";
import type { Change } from "../../scene/scene.js";
import { useStudio } from "../../studio.js";
import { ChangeEditor } from "./change-editor.js";
import { RANDOM, rowFacts } from "./donors.js";
import { editChange, moveChange, refusals, removeChange } from "./edit-changes.js";
import { sentence } from "./sentence.js";
import { StrengthSlider } from "./strength-slider.js";

/** One change: whether it is on, what it does, how strongly, and what is wrong with it. */
export function ChangeItem({
	change,
	index,
	last,
	kinds,
	open,
	show,
	draw,
}: {
	change: Change;
	index: number;
	last: boolean;
	kinds: Kinds | undefined;
	open: boolean;
	/** Shows another change's settings, or none. */
	show: (index: number | undefined) => void;
	draw: () => void;
}): JSX.Element {
	const studio = useStudio();
	const { on, data, note } = change;
	const words = sentence(data);
	const why = waits(studio, change) ? undefined : refusals(studio).get(JSON.stringify(data));
	const move = (by: 1 | -1): void => {
		moveChange(studio, index, by);
		if (open) show(index + by);
	};
	return (
		<li class={on ? "change-item" : "change-item off"}>
			<div class="change-line">
				<label>
					<input
						type="checkbox"
						checked={on}
						onChange={() => editChange(studio, index, { on: !on }, "switch")}
					/>{" "}
					{words}
				</label>
				<span class="change-tools">
					<button
						type="button"
						aria-label={`Move up: ${words}`}
						disabled={index === 0}
						onClick={() => move(-1)}
					>
						↑
					</button>
					<button type="button" aria-label={`Move down: ${words}`} disabled={last} onClick={() => move(1)}>
						↓
					</button>
					<button
						type="button"
						aria-label={`Edit: ${words}`}
						aria-expanded={open}
						onClick={() => show(open ? undefined : index)}
					>
						Edit
					</button>
					<button
						type="button"
						aria-label={`Remove: ${words}`}
						onClick={() => {
							removeChange(studio, index);
							show(undefined);
						}}
					>
						×
					</button>
				</span>
			</div>
			<StrengthSlider index={index} data={data} words={words} />
			{note !== undefined && <p class="quiet">{note}</p>}
			{on && why !== undefined && (
				<p class="problem" role="alert">
					Left out: {why}
				</p>
			)}
			{open && kinds && <ChangeEditor index={index} kinds={kinds} draw={draw} />}
		</li>
	);
}

/** Whether its random rows are being made anew for a prompt of another length. */
function waits(studio: ReturnType<typeof useStudio>, { data }: Change): boolean {
	if ((data as { from?: string }).from !== RANDOM) return false;
	const donor = studio.scene.value.donors[RANDOM];
	const length = typeof donor === "object" ? donor.ids?.[0]?.length : undefined;
	return studio.busy.value || length !== rowFacts(studio)?.length;
}
