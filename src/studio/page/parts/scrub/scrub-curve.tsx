import type { JSX } from "preact";
import { decimals, significant } from "../../draw/decimals.js";

/** A value at each step. */
export interface ScrubLine {
	readonly name: string;
	/** What stands behind the name at a step: "head 1.3". */
	readonly detail?: (at: number) => string;
	readonly values: readonly number[];
	/** Ends of the line's own scale. */
	readonly range: readonly [number, number];
}

/** Lines differ by their strokes too, so that colour tells nothing alone. At most as many lines are drawn. */
const STROKES = ["solid", "dashed", "dotted", "mixed"] as const;
const HEIGHT = 52;

/** What was measured at each step: lines over evenly spaced places, each on a scale of its own. */
export function ScrubCurve({
	lines,
	count,
	at,
}: {
	lines: readonly ScrubLine[];
	count: number;
	at: number;
}): JSX.Element {
	const shown = lines.slice(0, STROKES.length);
	return (
		<div class="scrub-curve">
			<ul>
				{shown.map(({ name, detail, values, range }, i) => (
					<li key={name}>
						<svg class="scrub-swatch" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
							<line class={STROKES[i]} x1="0" x2="28" y1="5" y2="5" />
						</svg>
						{name} <strong>{decimals(values[at], 3)}</strong>
						<span class="quiet">
							{detail ? ` ${detail(at)}` : ""} ({significant(range[0], 3)} to {significant(range[1], 3)})
						</span>
					</li>
				))}
			</ul>
			<div class="scrub-lines">
				<svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
					{shown.map(({ name, values, range }, i) => (
						<polyline key={name} class={STROKES[i]} points={pathOf(values, range, count)} />
					))}
				</svg>
				<span class="scrub-mark" style={{ left: `${(100 * at) / Math.max(1, count - 1)}%` }} />
			</div>
		</div>
	);
}

function pathOf(values: readonly number[], [low, high]: readonly [number, number], count: number): string {
	const span = high - low || 1;
	// a pixel of room above and below, where a stroke at the end of the scale would be cut
	const y = (value: number): number =>
		HEIGHT - 2 - (HEIGHT - 4) * Math.max(0, Math.min(1, (value - low) / span));
	return values
		.map((value, i) => `${((100 * i) / Math.max(1, count - 1)).toFixed(2)},${y(value).toFixed(2)}`)
		.join(" ");
}
