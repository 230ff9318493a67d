import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunInfo } from "../../../service/regression/run-info.js";
import type { RunMetric } from "../../../service/regression/run-metrics.js";
import { decimals } from "../../draw/decimals.js";
import { relative } from "../../draw/numbers.js";
import { ExportMenu, type Exports } from "../../parts/export-menu.js";
import { useCall } from "../../parts/use-call.js";
import { metricsCode } from "./code.js";
import { type RegressionState, requestOf } from "./regression-state.js";
import { useUnderway } from "./use-underway.js";

/** Decimals of tables. */
const DIGITS = 5;

/** With more tasks than this, dMMSE on all evaluation sequences takes seconds: it is asked for. */
const MANY_TASKS = 4096;
/** Milliseconds that the slider must rest before a checkpoint is measured. */
const REST = 250;

/** Every metric of the run's evaluator, without and with the changes. */
export function MetricsPanel({ state, info }: { state: RegressionState; info: RunInfo }): JSX.Element {
	const [asked, setAsked] = useState<readonly string[]>([]);
	const { run } = state;
	const quick = (info.numTasks ?? 0) <= MANY_TASKS;
	const ready = info.label === run && (quick || asked.includes(run));
	const { probe: _, ...request } = requestOf(state);
	const call = useCall("regressionMetrics", ready ? request : undefined, REST);
	const found = call.result.value;
	const shown = found?.run === run ? found : undefined;
	const changed = shown?.metrics.some(({ after }) => after !== undefined) ?? false;
	const underway = useUnderway(request, call.busy.value);
	const waiting = ready && underway && call.problem.value === "";
	return (
		<section class="metrics" aria-label="Metrics" data-busy={waiting ? "yes" : "no"}>
			<div class="panel-head">
				<h2>Metrics</h2>
				<span class="quiet" role="status">
					{waiting ? (call.progress.value?.what ?? "measuring") : ""}
				</span>
				{shown && <ExportMenu of={exportsOf(shown.metrics, state, shown.step)} />}
			</div>
			{call.problem.value && <p class="problem">{call.problem.value}</p>}
			{!ready && info.label === run && (
				<p>
					<button type="button" onClick={() => setAsked([...asked, run])}>
						Measure
					</button>{" "}
					<span class="quiet">
						takes some seconds: dMMSE weighs {info.numTasks?.toLocaleString("en")} tasks for each evaluation
						sequence
					</span>
				</p>
			)}
			{shown ? (
				<MetricsTable metrics={shown.metrics} changed={changed} caption={`${run} at step ${shown.step}`} />
			) : (
				<div class="metrics-room" />
			)}
		</section>
	);
}

function MetricsTable({
	metrics,
	changed,
	caption,
}: {
	metrics: readonly RunMetric[];
	changed: boolean;
	caption: string;
}): JSX.Element {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
		<section class="scrolls" tabIndex={0} aria-label="Table of metrics">
			<table class="numbers">
				<caption>{caption}, ± one standard error</caption>
				<thead>
					<tr>
						<th scope="col">metric</th>
						<th scope="col">{changed ? "before" : "value"}</th>
						<th scope="col">±</th>
						{changed && (
							<>
								<th scope="col">after</th>
								<th scope="col">±</th>
								<th scope="col">change</th>
								<th scope="col">relative</th>
							</>
						)}
					</tr>
				</thead>
				<tbody>
					{metrics.map(({ name, before, beforeError, after, afterError, change }) => (
						<tr key={name}>
							<th scope="row">{name}</th>
							<td>{decimals(before, DIGITS)}</td>
							<td class="quiet">{decimals(beforeError, DIGITS)}</td>
							{changed && (
								<>
									<td>{decimals(after, DIGITS)}</td>
									<td class="quiet">{decimals(afterError, DIGITS)}</td>
									<td>{decimals(after === undefined ? undefined : after - before, DIGITS)}</td>
									<td>{relative(change)}</td>
								</>
							)}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function exportsOf(metrics: readonly RunMetric[], state: RegressionState, step: number): Exports {
	return {
		name: `metrics-${state.run}@${step}`,
		csv: () => [
			["metric", "before", "standard error", "after", "standard error", "relative change"],
			...metrics.map(({ name, before, beforeError, after, afterError, change }) => [
				name,
				before,
				beforeError,
				after ?? "",
				afterError ?? "",
				change ?? "",
			]),
		],
		json: () => ({ run: state.run, step, changes: state.changes, metrics }),
		code: () => metricsCode(state, step),
	};
}
