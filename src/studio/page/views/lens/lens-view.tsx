import type { JSX } from "preact";
import { PromptBox } from "../../parts/prompt-box.js";
import { useViewState } from "../../parts/use-view-state.js";
import { Attribution } from "./attribution.js";
import { LogitLens } from "./logit-lens.js";
import { FIRST_LENS, lensState } from "./state.js";
import "../../parts/settings.css";
import "./lens.css";

const READINGS = { lens: "Logit lens", attribution: "Direct attribution" } as const;

/** Reading the residual stream: what it would say at each layer, and who wrote what it says. */
export function LensView(): JSX.Element {
	const [state, change] = useViewState("lens", lensState, FIRST_LENS);
	return (
		<div class="lens-view">
			<PromptBox />
			<fieldset class="which">
				<legend>Reading</legend>
				{(Object.keys(READINGS) as (keyof typeof READINGS)[]).map((reading) => (
					<button
						key={reading}
						type="button"
						aria-pressed={state.reading === reading}
						onClick={() => change({ reading })}
					>
						{READINGS[reading]}
					</button>
				))}
			</fieldset>
			{state.reading === "lens" ? (
				<LogitLens state={state} change={change} />
			) : (
				<Attribution state={state} change={change} />
			)}
		</div>
	);
}
