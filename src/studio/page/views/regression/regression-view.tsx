import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { RunInfo } from "../../../service/regression/run-info.js";
import { LeftOut } from "../../parts/changes/left-out.js";
import { useCall } from "../../parts/use-call.js";
import { useViewState } from "../../parts/use-view-state.js";
import { useStudio } from "../../studio.js";
import { ActivationBrowser } from "./activation-browser.js";
import { MetricsPanel } from "./metrics-panel.js";
import { Patterns } from "./patterns.js";
import { Predictions } from "./predictions.js";
import { ProbeEditor } from "./probe-editor.js";
import { FIRST_STATE, type RegressionState, regressionSchema, requestOf } from "./regression-state.js";
import { RunBar } from "./run-bar.js";
import { useUnderway } from "./use-underway.js";
import "./regression.css";

/** A transformer that does linear regression in context: its checkpoints, its predictions, its heads, and their changes. */
export function RegressionView(): JSX.Element {
	const { greeting } = useStudio();
	const [state, change] = useViewState("regression", regressionSchema, FIRST_STATE);
	const { runs = [] } = greeting.value ?? {};
	const opened = useCall("runsOpen", runs.includes(state.run) ? { run: state.run } : undefined);
	const info = opened.result.value;
	const ready = info?.label === state.run ? info : undefined;
	const request = requestOf(state);
	const look = useCall("regressionLook", ready && request);
	const underway = useUnderway(request, opened.busy.value || look.busy.value || !ready);
	useNeighbours(state, ready, look.busy.value);
	const problem = opened.problem.value || look.problem.value;
	const shown = look.result.value;
	if (greeting.value && runs.length === 0)
		return <p class="quiet">The engine behind this page has no regression runs.</p>;
	const sample = Math.min(state.sample, (shown?.xs.shape[0] ?? 1) - 1);
	return (
		<div class="regression" data-busy={underway && !problem ? "yes" : "no"}>
			<RunBar runs={runs} state={state} change={change} info={info} />
			{problem && (
				<p class="problem" role="alert">
					{problem}
				</p>
			)}
			{info && shown ? (
				<>
					{shown.refused.length > 0 && <LeftOut refused={shown.refused} of="this view" />}
					<ProbeEditor state={state} change={change} look={shown} sample={sample} info={info} />
					<Predictions look={shown} sample={sample} state={state} />
					<Patterns look={shown} sample={sample} state={state} change={change} info={info} />
					<MetricsPanel state={state} info={info} />
					<ActivationBrowser state={state} change={change} info={info} sample={sample} />
				</>
			) : (
				<p class="quiet">{problem ? "" : `Opening ${state.run} ...`}</p>
			)}
		</div>
	);
}

/** Looks at a run's other checkpoints once, while nothing else is to do: they are there when the slider comes to them. */
function useNeighbours(state: RegressionState, info: RunInfo | undefined, busy: boolean): void {
	const { connection } = useStudio();
	const { run, step } = state;
	const fetched = useRef(new Set<string>());
	useEffect(() => {
		if (!info || busy) return;
		const { steps } = info;
		const abort = new AbortController();
		const { signal } = abort;
		const at = step === null ? steps.length - 1 : steps.indexOf(step);
		const key = (i: number): string => `${run}@${steps[i]}`;
		fetched.current.add(key(at));
		const order = steps
			.map((_, i) => i)
			.filter((i) => !fetched.current.has(key(i)))
			.sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
		const fetchAhead = async (): Promise<void> => {
			for (const i of order) {
				if (signal.aborted) return;
				const request = { ...requestOf({ ...state, changes: {}, step: steps[i] as number }), ahead: true };
				await connection.call("regressionLook", request, { signal });
				fetched.current.add(key(i));
			}
		};
		// what fails here is told when the slider comes to it
		fetchAhead().catch(() => {});
		return () => abort.abort();
	}, [connection, run, info, busy]);
}
