import type { JSX } from "preact";
import { isLarge } from "../../../step-ref.js";
import { toExperiment } from "../../scene/to-experiment.js";
import { useStudio } from "../../studio.js";
import { refusals } from "../changes/edit-changes.js";
import { LeftOut } from "../changes/left-out.js";
import { useCall } from "../use-call.js";
import { BestTokens, Logits } from "./best-tokens.js";
import { ExperimentButtons } from "./experiment-buttons.js";
import { Losses } from "./losses.js";
import { MeasuredOn } from "./measured-on.js";
import { MetricsTable } from "./metrics-table.js";
import "./outcome-panel.css";

/**
 * Least milliseconds that the scene rests before it is measured; a model whose looks take longer rests as long as one, and a
 * large one longest: a key that comes meanwhile would wait for the measurement, which is a whole run.
 */
const WAIT = 40;
const LONGEST_WAIT = 400;

/** Clean against changed. Metrics are measured by the very experiment that can be saved here. */
export function OutcomePanel(): JSX.Element {
	const studio = useStudio();
	const { scene, model, look } = studio;
	const ref = model.value?.ref;
	const kinds = useCall("kinds", ref === undefined ? undefined : { model: ref }).result.value;
	// the patterns come first
	const opened = look.value !== undefined && ref === scene.value.model && !studio.busy.value;
	const text = opened ? JSON.stringify(toExperiment(scene.value)) : undefined;
	const { result, problem, busy } = useCall(
		"measure",
		text === undefined ? undefined : { text },
		model.value && isLarge(model.value) ? LONGEST_WAIT : Math.max(WAIT, Math.min(studio.pace, LONGEST_WAIT)),
	);
	const measured = result.value?.metrics ?? [];
	// what is left out of the look as well stands at the change itself
	const known = refusals(studio);
	const refused = (result.value?.refused ?? []).filter(({ data }) => !known.has(JSON.stringify(data)));
	const waits = busy.value || (problem.value === "" && result.value?.of !== text);
	return (
		<div data-measuring={waits ? "yes" : "no"}>
			<h2>
				Outcome <span class="quiet">{look.value?.[0]?.changed ? "clean against changed" : "no changes"}</span>
			</h2>
			<div class="outcome-parts">
				<div>
					<BestTokens />
					<Losses />
					<Logits />
				</div>
				<div>
					<div class="metrics-head">
						<h3>
							Metrics <span class="quiet">{waits ? "measuring" : ""}</span>
						</h3>
						<MeasuredOn />
					</div>
					<LeftOut refused={refused} of="the metrics" />
					<MetricsTable kinds={kinds} measured={measured} />
					<p class="problem" role="status">
						{problem.value}
					</p>
					<ExperimentButtons measured={measured} />
				</div>
			</div>
		</div>
	);
}
