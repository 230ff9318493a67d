import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useViewState } from "../../parts/use-view-state.js";
import type { Scene } from "../../scene/scene.js";
import { useStudio } from "../../studio.js";
import { HEADS_FIRST, HEADS_STATE, type HeadsState, useHeads } from "./heads.js";

const SCALES: Readonly<Record<Scene["scale"], string>> = {
	linear: "linear",
	log: "logarithmic",
	"hide-first": "hide the first key",
};
const WEIGHTINGS: Readonly<Record<Scene["weighting"], string>> = {
	pattern: "attention",
	value: "weighted by values",
};
const SHOWS: readonly { readonly show: HeadsState["show"]; readonly doc: string }[] = [
	{ show: "clean", doc: "Patterns of the model as it is" },
	{ show: "changed", doc: "Patterns of the model as it is changed" },
	{ show: "difference", doc: "Changed minus clean" },
];

/** What all patterns are drawn by: the score that heads are marked and ordered by, the scale, the model. */
export function HeadsBar(): JSX.Element {
	const studio = useStudio();
	const heads = useHeads();
	const [, change] = useViewState("heads", HEADS_STATE, HEADS_FIRST);
	const { scene } = studio;
	const { score, order, scale, weighting } = scene.value;
	const changed = useComputed(() => heads.look.value?.changed !== undefined).value;
	const scores = studio.model.value?.scores ?? [];
	const doc = scores.find(({ name }) => name === score)?.doc ?? "";
	return (
		<div class="heads-bar">
			<label title={doc}>
				Score{" "}
				<select value={score} onChange={({ currentTarget: { value } }) => studio.show({ score: value })}>
					<option value="">none</option>
					{scores.map(({ name, doc: about }) => (
						<option key={name} value={name} title={about}>
							{name}
						</option>
					))}
				</select>
			</label>
			<label>
				Order{" "}
				<select
					value={order}
					onChange={({ currentTarget: { value } }) => studio.show({ order: value as Scene["order"] })}
				>
					<option value="layer">by layer</option>
					<option value="score" disabled={score === ""}>
						by score
					</option>
				</select>
			</label>
			<label>
				Scale{" "}
				<select
					value={scale}
					onChange={({ currentTarget: { value } }) => studio.show({ scale: value as Scene["scale"] })}
				>
					{Object.entries(SCALES).map(([name, words]) => (
						<option key={name} value={name}>
							{words}
						</option>
					))}
				</select>
			</label>
			<label title="Attention weighted by ||v W_O||: what is moved, not only where a head looks">
				Values{" "}
				<select
					value={weighting}
					onChange={({ currentTarget: { value } }) => studio.show({ weighting: value as Scene["weighting"] })}
				>
					{Object.entries(WEIGHTINGS).map(([name, words]) => (
						<option key={name} value={name}>
							{words}
						</option>
					))}
				</select>
			</label>
			<fieldset class="shows" aria-label="Shown patterns">
				{SHOWS.map(({ show, doc: about }) => (
					<button
						type="button"
						key={show}
						title={changed ? about : "Nothing is changed yet: wipe a head to compare"}
						disabled={!changed && show !== "clean"}
						aria-pressed={heads.shown.value === show}
						onClick={() => change({ show })}
					>
						{show}
					</button>
				))}
			</fieldset>
		</div>
	);
}
