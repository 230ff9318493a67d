import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useStudio } from "../studio.js";
import { takeFiles } from "./drop.js";

const OTHER = "(other)";

/** Which model is looked at: one that is offered, a hub id, an address, or files of this machine. */
export function ModelChoice(): JSX.Element {
	const studio = useStudio();
	const { greeting, scene } = studio;
	const [typing, setTyping] = useState(false);
	const { models = [], anyModel = false, files = false } = greeting.value ?? {};
	const { model } = scene.value;
	const all = models.includes(model) ? models : [model, ...models];
	return (
		<form
			class="model-choice"
			onSubmit={(event) => {
				event.preventDefault();
				const ref = new FormData(event.currentTarget).get("ref");
				if (typeof ref === "string" && ref.trim() !== "") studio.choose(ref.trim());
				setTyping(false);
			}}
		>
			<label>
				Model{" "}
				<select
					value={typing ? OTHER : model}
					onChange={({ currentTarget: { value } }) => {
						setTyping(value === OTHER);
						if (value !== OTHER) studio.choose(value);
					}}
				>
					{all.map((name) => (
						<option key={name} value={name}>
							{name}
						</option>
					))}
					{anyModel && <option value={OTHER}>another ...</option>}
				</select>
			</label>
			{typing && (
				<>
					<input
						name="ref"
						aria-label="Hub id or address"
						placeholder="HuggingFaceTB/SmolLM2-135M"
						size={28}
					/>
					<button type="submit">Load</button>
				</>
			)}
			{files && (
				<label class="button">
					Open files
					<input
						type="file"
						class="unseen"
						multiple
						onChange={({ currentTarget }) => {
							takeFiles(studio, [...(currentTarget.files ?? [])]);
							currentTarget.value = "";
						}}
					/>
				</label>
			)}
		</form>
	);
}
