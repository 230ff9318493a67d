import type { Intervention } from "headscope";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { editChange } from "./edit-changes.js";
import { whenIdle } from "./when-idle.js";

/** How far a change goes: 0 leaves the model as it is. What is shown follows the slider while it moves. */
export function StrengthSlider({
	index,
	data,
	words,
}: {
	index: number;
	data: Intervention;
	words: string;
}): JSX.Element {
	const studio = useStudio();
	const later = useMemo(() => whenIdle(studio), [studio]);
	const [moved, setMoved] = useState<number | undefined>(undefined);
	const strength = moved ?? (data as { strength?: number }).strength ?? 1;
	const set = (value: number): void => {
		const now = studio.scene.peek().changes[index]?.data;
		if (now) editChange(studio, index, { data: withStrength(now, value) }, "strength");
		setMoved(undefined);
	};
	return (
		<label class="change-strength">
			<span class="quiet">strength</span>
			<input
				type="range"
				min="0"
				max="1"
				step="0.01"
				aria-label={`Strength of: ${words}`}
				value={strength}
				onInput={({ currentTarget: { valueAsNumber } }) => {
					setMoved(valueAsNumber);
					later(() => set(valueAsNumber));
				}}
			/>
			<output>{strength.toFixed(2)}</output>
		</label>
	);
}

function withStrength(data: Intervention, strength: number): Intervention {
	const { strength: _, ...others } = data as Intervention & { strength?: number };
	return (strength === 1 ? others : { ...others, strength }) as Intervention;
}
