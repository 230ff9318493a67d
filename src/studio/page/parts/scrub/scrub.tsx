import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { decimals } from "../../draw/decimals.js";
import { ScrubCurve, type ScrubLine } from "./scrub-curve.js";
import "./scrub.css";

export interface ScrubProps {
	/** What is scrubbed through, for those who hear it: "Training of demo". */
	readonly label: string;
	/** Ascending, at least two. */
	readonly steps: readonly number[];
	/** Which of the steps is shown, from 0. */
	readonly at: number;
	/** A value at each step; none where nothing was measured. */
	readonly lines: readonly ScrubLine[];
	/** The slider was moved. */
	onMove(at: number): void;
	/** The slider is about to be moved: the pointer or the keyboard came to it. */
	onReach?(): void;
	/** Behind the values. */
	readonly children?: JSX.Element | false;
}

/** Most labels under the slider. */
const MOST_LABELS = 6;

/**
 * Goes through the steps of a training: a slider with a place for each kept step, and above it what was measured
 * there. Places are evenly spaced, steps need not be.
 */
export function Scrub(props: ScrubProps): JSX.Element {
	const { label, steps, at, lines, onMove, onReach, children } = props;
	const last = steps.length - 1;
	const step = steps[at] ?? 0;
	return (
		<section class="scrub" aria-label={label}>
			<div class="scrub-head">
				<h2>{label}</h2>
				<output class="scrub-step">
					step {step.toLocaleString("en")} of {(steps[last] ?? 0).toLocaleString("en")}
				</output>
				{children}
			</div>
			{lines.length > 0 && <ScrubCurve lines={lines} count={steps.length} at={at} />}
			<input
				type="range"
				aria-label={`${label}: step`}
				aria-valuetext={`step ${step}`}
				min={0}
				max={last}
				step={1}
				value={at}
				onInput={(event) => onMove(Number(event.currentTarget.value))}
				onPointerEnter={onReach}
				onFocus={onReach}
			/>
			<div class="scrub-labels" aria-hidden="true">
				{labelled(steps.length).map((i) => (
					<span key={i} style={{ left: `${(100 * i) / last}%` }}>
						{(steps[i] ?? 0).toLocaleString("en")}
					</span>
				))}
			</div>
			{lines.length > 0 && <ScrubTable {...props} />}
		</section>
	);
}

/** The same as a table, made when it is asked for. */
function ScrubTable({ label, steps, lines, at }: ScrubProps): JSX.Element {
	const [open, setOpen] = useState(false);
	return (
		<details class="scrub-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>Values at each step</summary>
			{open && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
				<section class="scrolls" tabIndex={0} aria-label={`${label}: values at each step`}>
					<table>
						<thead>
							<tr>
								<th scope="col">step</th>
								{lines.map(({ name }) => (
									<th scope="col" key={name}>
										{name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{steps.map((step, i) => (
								<tr key={step} class={i === at ? "here" : ""}>
									<th scope="row">{step}</th>
									{lines.map(({ name, values }) => (
										<td key={name}>{decimals(values[i], 5)}</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
		</details>
	);
}

/** Places that have a label: the first, the last, and some between them. */
function labelled(count: number): number[] {
	const every = Math.max(1, Math.ceil((count - 1) / (MOST_LABELS - 1)));
	const chosen = Array.from({ length: count }, (_, i) => i).filter((i) => i % every === 0);
	// the last one would run into the one before it
	if (chosen.at(-1) !== count - 1) chosen[chosen.length - 1] = count - 1;
	return chosen;
}
