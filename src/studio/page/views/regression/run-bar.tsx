import type { JSX } from "preact";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { ExportMenu } from "../../parts/export-menu.js";
import { phaseExports } from "../../parts/scrub/phase-exports.js";
import { phaseLines } from "../../parts/scrub/phase-lines.js";
import { Scrub } from "../../parts/scrub/scrub.js";
import type { ScrubLine } from "../../parts/scrub/scrub-curve.js";
import type { ChangeState, RegressionState } from "./regression-state.js";

export interface RunBarProps {
	readonly runs: readonly string[];
	readonly state: RegressionState;
	readonly change: ChangeState;
	readonly info: RunInfo | undefined;
}

/** Which run, and which of its checkpoints. */
export function RunBar({ runs, state, change, info }: RunBarProps): JSX.Element {
	const ready = info?.label === state.run ? info : undefined;
	return (
		<div class="run-bar">
			<fieldset class="run-choice">
				<legend>Run, by its number of tasks</legend>
				{runs.map((label) => (
					<button
						type="button"
						key={label}
						aria-pressed={label === state.run}
						onClick={() => change({ run: label }, "run")}
					>
						{label}
					</button>
				))}
				{info && <span class="quiet">{about(info)}</span>}
			</fieldset>
			{ready ? (
				<Scrub
					label={`Training of ${ready.label}`}
					steps={ready.steps}
					at={placeOf(ready, state.step)}
					lines={linesOf(ready)}
					onMove={(at) => {
						const last = at === ready.steps.length - 1;
						change({ step: last ? null : (ready.steps[at] as number) }, "step");
					}}
				>
					<ExportMenu of={phaseExports(ready.label, ready.phase)} />
				</Scrub>
			) : (
				<div class="scrub-room" />
			)}
		</div>
	);
}

function about({ nLayers, nHeads, taskSize, maxExamples, noiseVariance }: RunInfo): string {
	return `${nLayers} layers of ${nHeads} heads; up to ${maxExamples} examples of ${taskSize} numbers, noise variance ${noiseVariance}`;
}

/** The place of a checkpoint among those that there are; the last one where it is not among them. */
function placeOf({ steps }: RunInfo, step: number | null): number {
	const at = step === null ? -1 : steps.indexOf(step);
	return at < 0 ? steps.length - 1 : at;
}

/** Errors on tasks of both kinds, and how far the heads are. */
function linesOf({ metrics, phase }: RunInfo): ScrubLine[] {
	const errors = ["pretrain/mse", "true/mse"].map((name) => ({ name, values: metrics[name] ?? [] }));
	// one scale for both, so that they can be compared
	const most = Math.max(...errors.flatMap(({ values }) => values));
	return [...errors.map((line) => ({ ...line, range: [0, most] as const })), ...phaseLines(phase, "")];
}
