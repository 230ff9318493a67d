import type { JSX } from "preact";
import { useStudio } from "../../studio.js";
import { HeadMatrix } from "./head-matrix.js";
import { useHeads } from "./heads.js";
import { whole, zoom } from "./matrix-part.js";

/** How much a button zooms. */
const STEP = 1.6;

/** One head's pattern, large, and the pinned ones beside it; all show the same part of the text. */
export function HeadLarge(): JSX.Element {
	const studio = useStudio();
	const heads = useHeads();
	const name = heads.large.value;
	const pins = heads.pins.value.filter((pin) => pin !== "");
	const size = heads.patterns.value?.size ?? 1;
	const { cells } = heads.part.value;
	const isBest = name !== undefined && name === studio.best.value;
	const isWaiting = studio.model.value !== undefined || studio.problem.value === "";
	return (
		<div class="large-heads">
			<section class="head-large" aria-label={name === undefined ? "Head" : `Head ${name}`}>
				<div class="large-title">
					<h2>Head {name ?? "..."}</h2>
					<span class="quiet">{isBest ? `the best at ${heads.score.value}` : ""}</span>
					<span class="large-tools">
						<button
							type="button"
							aria-label="Zoom in"
							title="Zoom in (key +)"
							disabled={cells <= Math.min(4, size)}
							onClick={() => heads.zoomTo(zoom(heads.part.peek(), size, STEP))}
						>
							+
						</button>
						<button
							type="button"
							aria-label="Zoom out"
							title="Zoom out (key -)"
							disabled={cells >= size}
							onClick={() => heads.zoomTo(zoom(heads.part.peek(), size, 1 / STEP))}
						>
							−
						</button>
						<button
							type="button"
							title="Show all tokens (key Home)"
							disabled={cells >= size}
							onClick={() => heads.zoomTo(whole(size))}
						>
							all
						</button>
						<button
							type="button"
							disabled={name === undefined}
							aria-pressed={name !== undefined && pins.includes(name)}
							title="Keep this head beside others (key p on a small head)"
							onClick={() => name !== undefined && heads.pin(name)}
						>
							pin
						</button>
					</span>
				</div>
				{name === undefined ? (
					<p class="finding quiet">
						{isWaiting ? "Finding the best head ..." : "No model is open: choose one above."}
					</p>
				) : (
					<HeadMatrix key={name} name={name} />
				)}
			</section>
			{pins
				.filter((pin) => pin !== name)
				.map((pin) => (
					<section class="head-large pinned" key={pin} aria-label={`Pinned head ${pin}`}>
						<div class="large-title">
							<h2>Head {pin}</h2>
							<span class="large-tools">
								<button type="button" aria-label={`Show ${pin}`} onClick={() => studio.show({ head: pin })}>
									show
								</button>
								<button type="button" aria-label={`Close ${pin}`} onClick={() => heads.pin(pin)}>
									✕
								</button>
							</span>
						</div>
						<HeadMatrix name={pin} />
					</section>
				))}
		</div>
	);
}
