import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ExportMenu } from "../../parts/export-menu.js";
import { PromptBox } from "../../parts/prompt-box.js";
import { useViewState } from "../../parts/use-view-state.js";
import { useStudio } from "../../studio.js";
import { TrainCharts } from "./train-charts.js";
import { exportsOf } from "./train-exports.js";
import { TrainHeads } from "./train-heads.js";
import { bestHead, formedAt } from "./train-numbers.js";
import { type TrainRun, trainRunOf } from "./train-run.js";
import { FIRST_SETTINGS, SettingFields, Settings } from "./train-settings.js";
import { TrainTable } from "./train-table.js";
import "./train.css";

/** The demo model's recipe, trained from scratch before one's eyes. */
export function TrainView(): JSX.Element {
	const studio = useStudio();
	const run = trainRunOf(studio);
	return (
		<div class="train-view">
			<PromptBox />
			<TrainControls run={run} />
			<TrainCharts />
			<TrainHeads />
			<TrainTable />
		</div>
	);
}

function TrainControls({ run }: { run: TrainRun }): JSX.Element {
	const [settings, change] = useViewState("train", Settings, FIRST_SETTINGS);
	const [faulty, setFaulty] = useState(false);
	const { running, ended, settings: used, frames } = run;
	const begun = used.value !== undefined;
	const main = running.value
		? { text: "Pause", act: () => run.pause() }
		: begun && !ended.value && run.started.value
			? { text: "Continue", act: () => void run.resume() }
			: { text: begun ? "Start again" : "Start", act: () => void run.start(settings) };
	return (
		<section class="train-controls" aria-label="Training">
			<SettingFields
				settings={settings}
				locked={begun && !ended.value && run.problem.value === ""}
				change={(next) => change(next)}
				onFault={setFaulty}
			/>
			<div class="train-buttons">
				<button type="button" class="main" disabled={faulty && !begun} onClick={main.act}>
					{main.text}
				</button>
				<button type="button" disabled={!begun} onClick={() => run.reset()}>
					Reset
				</button>
				{frames.value.length > 0 && <ExportMenu of={exportsOf(run, used.value ?? settings)} />}
			</div>
			<TrainStatus run={run} />
		</section>
	);
}

/** How far it is, in words. What is read aloud changes only when something happens. */
function TrainStatus({ run }: { run: TrainRun }): JSX.Element {
	const { started, losses, frames, running, active, ended, problem, speed, settings } = run;
	const newest = frames.value.at(-1);
	const formed = formedAt(frames.value, "induction");
	const done = losses.value.length;
	const state =
		settings.value === undefined
			? ""
			: started.value === undefined
				? problem.value
					? ""
					: "Preparing"
				: ended.value
					? "Done"
					: running.value
						? "Training"
						: active.value
							? "Pausing"
							: `Paused after ${done} updates`;
	const best = newest && (["induction", "previous-token"] as const).map((score) => bestHead(newest, score));
	return (
		<div class="train-status">
			<p class={problem.value ? "problem" : "quiet"}>
				{problem.value ||
					(settings.value === undefined
						? "Start trains a small transformer on random words that repeat, here in front of you. Nothing tells it to attend to anything: watch the induction heads form, and the loss drop as they do. Pause at any step and look at the model."
						: `${started.value?.parameters.toLocaleString("en") ?? ""} parameters, ${done} of ${settings.value.steps} updates${speed.value > 0 ? `, ${speed.value.toFixed(1)} a second` : ""}`)}
			</p>
			<p>
				{best &&
					done > 0 &&
					`Best induction: head ${best[0]?.head} ${best[0]?.value.toFixed(2)}. Best previous-token: head ${best[1]?.head} ${best[1]?.value.toFixed(2)}.`}
				{formed !== undefined && ` An induction head has formed by update ${formed}.`}
			</p>
			<p role="status" class="unseen">
				{state}
			</p>
		</div>
	);
}
