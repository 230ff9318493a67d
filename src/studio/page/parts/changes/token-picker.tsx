import type { JSX } from "preact";
import { useChosenLook } from "../chosen-prompt.js";

/** More tokens than these are typed as numbers, not clicked. */
const MOST = 96;

/** The chosen prompt's tokens, to choose positions by clicking. Positions from the end count as those they mean. */
export function TokenPicker({
	label,
	chosen,
	change,
}: {
	label: string;
	chosen: readonly number[];
	change: (positions: readonly number[]) => void;
}): JSX.Element | null {
	const tokens = useChosenLook().value?.tokens ?? [];
	if (tokens.length > MOST) return null;
	const from0 = chosen.map((position) => (position < 0 ? position + tokens.length : position));
	return (
		<fieldset class="token-picker" aria-label={label}>
			{tokens.map(({ shown }, position) => {
				const on = from0.includes(position);
				return (
					<button
						type="button"
						key={position}
						aria-pressed={on}
						aria-label={`position ${position}, ${shown}`}
						onClick={() =>
							change(
								on ? from0.filter((other) => other !== position) : [...from0, position].sort((a, b) => a - b),
							)
						}
					>
						{shown}
					</button>
				);
			})}
		</fieldset>
	);
}
