import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { addChange } from "./edit-changes.js";

/** Steering: the difference of the residual stream behind two texts is added before a layer. */
export function SteerForm({ added }: { added: (index: number) => void }): JSX.Element {
	const studio = useStudio();
	const { prompts } = studio.scene.value;
	const nLayers = studio.model.value?.nLayers ?? 1;
	const [plus, setPlus] = useState(prompts[0] ?? "");
	const [minus, setMinus] = useState(prompts[1] ?? "");
	const [layer, setLayer] = useState(Math.min(1, nLayers - 1));
	const [problem, setProblem] = useState("");
	const [busy, setBusy] = useState(false);
	const add = async (): Promise<void> => {
		const { bos, model } = studio.scene.peek();
		setBusy(true);
		try {
			const request = { model, plus, minus, layer, ...(bos !== null && { bos }) };
			const vector = await studio.connection.call("direction", request);
			const note = `the residual stream before layer ${layer} at the last token of "${short(plus)}", minus that of "${short(minus)}"`;
			added(addChange(studio, { data: { kind: "add", layers: [layer], vector, scale: 1 }, note }));
		} catch (error) {
			setProblem(error instanceof Error ? error.message : String(error));
		}
		setBusy(false);
	};
	return (
		<fieldset class="steer" aria-label="Steer">
			<label>
				towards{" "}
				<input
					type="text"
					spellcheck={false}
					value={plus}
					onInput={(event) => setPlus(event.currentTarget.value)}
				/>
			</label>
			<label>
				away from{" "}
				<input
					type="text"
					spellcheck={false}
					value={minus}
					onInput={(event) => setMinus(event.currentTarget.value)}
				/>
			</label>
			<label>
				before layer{" "}
				<select value={layer} onChange={(event) => setLayer(Number(event.currentTarget.value))}>
					{Array.from({ length: nLayers }, (_, index) => (
						<option key={index} value={index}>
							{index}
						</option>
					))}
				</select>
			</label>
			<button type="button" disabled={busy} onClick={() => void add()}>
				Add the difference
			</button>
			{problem && <p class="problem">{problem}</p>}
		</fieldset>
	);
}

function short(text: string): string {
	return text.length > 60 ? `${text.slice(0, 60)} ...` : text;
}
