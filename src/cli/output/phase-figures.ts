import { type StepPanel, scoreOverSteps } from "../../figures/index.js";
import type { HeadScores, RankedHead } from "../../scores/index.js";
import type { ScoredCheckpoint, ScoredTraining } from "../open/score-checkpoints.js";
import { three } from "./ranking-text.js";
import { table } from "./table.js";

/** One score at every checkpoint. */
export function overSteps({ checkpoints }: ScoredTraining, name: string): HeadScores[] {
	return checkpoints.map(({ found }) => found.get(name) as HeadScores);
}

/** Names of the scores, in the order in which they are shown. */
export function scoreNames({ checkpoints }: ScoredTraining): string[] {
	return [...checkpoints[0].found.keys()];
}

/** The loss at every checkpoint, of trainings that have one. */
export function lossOverSteps({ checkpoints }: ScoredTraining): number[] | undefined {
	const losses = checkpoints.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
	return losses.length > 0 ? losses : undefined;
}

/** Each score as a panel with a line for every head, and the loss. */
export function phaseFigure(training: ScoredTraining, title: string, notes: readonly string[]): string {
	const loss = lossOverSteps(training);
	return scoreOverSteps({
		title,
		notes,
		steps: training.checkpoints.map(({ step }) => step),
		panels: [
			...scoreNames(training).map((name) => panelOf(name, overSteps(training, name))),
			...(loss ? [{ measure: "loss (nats)", lines: [{ name: "loss", values: loss }] }] : []),
		],
	});
}

/** Every head's lift, or its score where there is no control, with its interval. */
function panelOf(name: string, scored: readonly HeadScores[]): StepPanel {
	const heads = [...(scored[0]?.ranking ?? [])].map(({ head }) => head).sort();
	const entries = scored.map(({ ranking }) => new Map(ranking.map((entry) => [entry.head, entry])));
	const lines = heads.map((head) => {
		const line = entries.map((byHead) => byHead.get(head) as RankedHead);
		const ends = line.every(({ low }) => low !== undefined) && {
			low: line.map(({ low }) => low as number),
			high: line.map(({ high }) => high as number),
		};
		return { name: head, values: line.map(({ lift, score }) => lift ?? score), ...ends };
	});
	return { measure: scored[0]?.control ? `lift of ${name}` : name, lines };
}

/** The first head of each score's ranking at every checkpoint, as a table. */
export function phaseTable(training: ScoredTraining): string {
	const names = scoreNames(training);
	const { found, loss } = training.checkpoints[0];
	const right = (title: string): { title: string; right: true } => ({ title, right: true });
	const columns = [
		right("STEP"),
		...(loss === undefined ? [] : [right("LOSS")]),
		...names.flatMap((name) => [
			right(`${name.toUpperCase()}${found.get(name)?.control ? " LIFT" : ""}`),
			{ title: "HEAD" },
		]),
	];
	const cells = ({ step, loss: measured, found: at }: ScoredCheckpoint): string[] => [
		String(step),
		...(measured === undefined ? [] : [three(measured)]),
		...names.flatMap((name) => {
			const best = at.get(name)?.ranking[0];
			return [three(best?.lift ?? best?.score), best?.head ?? ""];
		}),
	];
	return table(columns, training.checkpoints.map(cells));
}
