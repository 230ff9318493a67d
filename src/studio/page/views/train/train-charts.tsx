import type { JSX } from "preact";
import type { TrainFrame, TrainScore } from "../../../service/training/training.js";
import { useStudio } from "../../studio.js";
import { type ChartLine, LineChart } from "./line-chart.js";
import { bestHead, headNames, scoreOf } from "./train-numbers.js";
import { trainRunOf } from "./train-run.js";
import { FIRST_SETTINGS } from "./train-settings.js";

/** The loss of a guess among the demo model's 125 words, rounded up. */
const LOSS_HIGH = 5;

/** The loss, and both scores of every head, over the updates. */
export function TrainCharts(): JSX.Element {
	const studio = useStudio();
	const { losses, frames, at, settings } = trainRunOf(studio);
	const most = settings.value?.steps ?? FIRST_SETTINGS.steps;
	const loss = losses.value.at(-1);
	const mark = at.value ?? undefined;
	const points = losses.value.map((value, step) => [step, value] as const);
	const high = Math.max(LOSS_HIGH, Math.ceil(losses.value[0] ?? 0));
	return (
		<div class="charts">
			<LineChart
				of={{
					title: "Loss (nats per token)",
					summary: loss === undefined ? "nothing yet" : `${loss.toFixed(2)} after ${points.length} updates`,
					...{ most, high, mark },
					lines: [{ name: loss === undefined ? "" : loss.toFixed(2), points, strong: true }],
				}}
			/>
			{(["induction", "previous-token"] as const).map((score) => (
				<LineChart
					key={score}
					of={{
						title:
							score === "induction" ? "Induction score of each head" : "Previous-token score of each head",
						summary: summaryOf(frames.value.at(-1), score),
						...{ most, high: 1, mark },
						lines: linesOf(frames.value, score, studio.scene.value.head),
					}}
				/>
			))}
		</div>
	);
}

function summaryOf(frame: TrainFrame | undefined, score: TrainScore): string {
	const best = frame && bestHead(frame, score);
	return best ? `best is head ${best.head} with ${best.value.toFixed(2)}` : "nothing yet";
}

function linesOf(frames: readonly TrainFrame[], score: TrainScore, chosen: string): ChartLine[] {
	const last = frames.at(-1);
	if (!last) return [];
	const best = bestHead(last, score).head;
	return headNames(last).map((name) => ({
		name,
		points: frames.map((frame) => [frame.step, scoreOf(frame, score, name)] as const),
		strong: name === best || name === chosen,
	}));
}
