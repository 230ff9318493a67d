import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Phase } from "../../../service/checkpoint-host.js";
import type { ModelInfo } from "../../../service/methods/open.js";
import { atStep, baseOf, MOST_STEP_BYTES, roughBytes, stepOf } from "../../../step-ref.js";
import { useStudio } from "../../studio.js";
import { ExportMenu } from "../export-menu.js";
import { useCall } from "../use-call.js";
import { phaseExports } from "./phase-exports.js";
import { phaseLines } from "./phase-lines.js";
import { Scrub } from "./scrub.js";

/** Room for the slider before it is there, so that nothing moves when it comes. */
const SCRUB_HEIGHT = "11.5rem";

/** Scrubs through the training of the page's model; nothing where it kept no steps. */
export function ModelScrub(): JSX.Element | null {
	const studio = useStudio();
	const { connection, scene, model } = studio;
	const base = baseOf(scene.value.model);
	const [measuring, setMeasuring] = useState("");
	const open = model.value && baseOf(model.value.ref) === base;
	const params = open ? { model: base, ...(measuring === base && { measure: true }) } : undefined;
	const call = useCall("steps", params);
	const found = call.result.value;
	const { steps = [], phase } = found?.model === base ? found : {};
	const abort = useRef<AbortController | undefined>(undefined);
	useEffect(() => () => abort.current?.abort(), [base]);
	if (found?.model !== base) return <div style={{ minHeight: SCRUB_HEIGHT }} />;
	if (steps.length < 2) return null;

	const last = steps.length - 1;
	const shown = stepOf(scene.value.model);
	const at = shown === undefined ? last : nearest(steps, shown);
	const refAt = (i: number): string => (i === last ? base : atStep(base, steps[i] as number));
	const move = (i: number): void => {
		const ref = refAt(i);
		// the head that is watched stays, whichever is the best one at another step
		const head = scene.peek().head || studio.best.peek() || bestAtEnd(phase);
		if (ref !== scene.peek().model) studio.edit({ model: ref, head }, "step");
	};
	/** Fetches the other steps, the nearest first, while the user makes up their mind. */
	const fetchAhead = async (): Promise<void> => {
		if (abort.current && !abort.current.signal.aborted) return;
		abort.current = new AbortController();
		const { signal } = abort.current;
		const order = steps.map((_, i) => i).sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
		const room = model.peek() ? Math.floor(MOST_STEP_BYTES / roughBytes(model.peek() as ModelInfo)) : 0;
		for (const i of order.slice(0, room)) {
			if (signal.aborted) return;
			// a step that cannot be opened is told when it is chosen
			await connection.call("open", { ref: refAt(i) }).catch(() => {});
		}
	};
	const progress = call.progress.value;
	return (
		<Scrub
			label={`Training of ${base}`}
			steps={steps}
			at={at}
			lines={phase ? phaseLines(phase, studio.head.value) : []}
			onMove={move}
			onReach={() => void fetchAhead()}
		>
			<span class="scrub-tools">
				{phase ? (
					<ExportMenu of={phaseExports(base, phase)} />
				) : (
					<button type="button" disabled={call.busy.value} onClick={() => setMeasuring(base)}>
						{call.busy.value && progress
							? `measuring ${progress.done} of ${progress.total}`
							: "Measure every step"}
					</button>
				)}
				{call.problem.value && <span class="problem">{call.problem.value}</span>}
			</span>
		</Scrub>
	);
}

/** The best head of the trained model at the first score; empty where nothing was measured. */
function bestAtEnd(phase: Phase | undefined): string {
	const [first] = Object.values(phase?.scores ?? {});
	return first?.best.at(-1)?.head ?? "";
}

/** The place of the step that is nearest to one that may not have been kept. */
function nearest(steps: readonly number[], step: number): number {
	let best = 0;
	for (const [i, one] of steps.entries())
		if (Math.abs(one - step) < Math.abs((steps[best] as number) - step)) best = i;
	return best;
}
