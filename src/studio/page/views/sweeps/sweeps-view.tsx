import type { JSX } from "preact";
import { PromptBox } from "../../parts/prompt-box.js";
import { useViewState } from "../../parts/use-view-state.js";
import { AblateSweep } from "./ablate-sweep.js";
import { PatchSweep } from "./patch-sweep.js";
import { FIRST_SWEEPS, sweepsState } from "./state.js";
import "../../parts/settings.css";
import "./sweeps.css";

const SWEEPS = { heads: "Ablate all heads", patch: "Patch layers and positions" } as const;

/** Sweeps: one thing after the other is changed, and a map says what each does. */
export function SweepsView(): JSX.Element {
	const [state, change] = useViewState("sweeps", sweepsState, FIRST_SWEEPS);
	return (
		<div class="sweeps-view">
			<PromptBox />
			<fieldset class="which">
				<legend>Sweep</legend>
				{(Object.keys(SWEEPS) as (keyof typeof SWEEPS)[]).map((sweep) => (
					<button
						key={sweep}
						type="button"
						aria-pressed={state.sweep === sweep}
						onClick={() => state.sweep !== sweep && change({ sweep, live: false })}
					>
						{SWEEPS[sweep]}
					</button>
				))}
			</fieldset>
			{state.sweep === "heads" ? (
				<AblateSweep state={state} change={change} />
			) : (
				<PatchSweep state={state} change={change} />
			)}
		</div>
	);
}
