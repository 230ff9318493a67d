import type { JSX } from "preact";
import { gradientOf } from "../draw/palette.js";

export interface HeatBarProps {
	readonly palette: Uint32Array;
	readonly low: number;
	readonly high: number;
	/** What the numbers are. */
	readonly measure: string;
	readonly format: (value: number) => string;
}

/** What a heat map's colours mean: a row of them with the numbers at its ends and in its middle. */
export function HeatBar({ palette, low, high, measure, format }: HeatBarProps): JSX.Element {
	return (
		<div class="heat-bar">
			<div class="ramp" style={{ background: gradientOf(palette) }} />
			<div class="ticks">
				<span>{format(low)}</span>
				<span>{format((low + high) / 2)}</span>
				<span>{format(high)}</span>
			</div>
			<p class="quiet">{measure}</p>
		</div>
	);
}
