import type { JSX } from "preact";
import { significant } from "../../draw/decimals.js";
import type { Colours } from "../../draw/ink.js";
import { gradientOf } from "../../draw/palette.js";

/** What a matrix' colours mean: a bar with numbers. */
export function ColourBar({ colours, measure }: { colours: Colours; measure: string }): JSX.Element {
	const { low, high, palette, scale } = colours;
	const middle = scale === "log" && low > 0 ? Math.sqrt(low * high) : (low + high) / 2;
	return (
		<div class="colour-bar">
			<span class="quiet">{measure}</span>
			<div class="bar" style={{ backgroundImage: gradientOf(palette) }} />
			<div class="ends">
				{[low, middle, high].map((value, i) => (
					<span key={i}>{significant(value, 2)}</span>
				))}
			</div>
		</div>
	);
}
