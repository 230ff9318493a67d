import type { TrainFrame, TrainScore } from "../../../service/training/training.js";

/** A score from which on a head attends as it says more often than not. */
const FORMED = 0.5;

/** Names of all heads: "0.0", "0.1", ... */
export function headNames({ scores }: TrainFrame): string[] {
	return scores.induction.flatMap((heads, layer) => heads.map((_, index) => `${layer}.${index}`));
}

export function scoreOf({ scores }: TrainFrame, score: TrainScore, name: string): number {
	const [layer = 0, index = 0] = name.split(".").map(Number);
	return scores[score][layer]?.[index] ?? 0;
}

/** The head with the highest score. */
export function bestHead(frame: TrainFrame, score: TrainScore): { head: string; value: number } {
	return headNames(frame)
		.map((head) => ({ head, value: scoreOf(frame, score, head) }))
		.reduce((best, one) => (one.value > best.value ? one : best));
}

/** The first measured update after which some head's score is above a half; undefined before. */
export function formedAt(frames: readonly TrainFrame[], score: TrainScore): number | undefined {
	return frames.find((frame) => bestHead(frame, score).value > FORMED)?.step;
}

/** Every measurement as a table: updates, loss of the next batch, and each head's scores. */
export function tableOf(
	frames: readonly TrainFrame[],
	losses: readonly number[],
): readonly (readonly (string | number)[])[] {
	const [first] = frames;
	if (!first) return [["updates", "loss"]];
	const names = headNames(first);
	return [
		[
			"updates",
			"loss",
			...names.map((name) => `induction ${name}`),
			...names.map((name) => `previous-token ${name}`),
		],
		...frames.map((frame) => [
			frame.step,
			losses[frame.step] ?? "",
			...names.map((name) => scoreOf(frame, "induction", name)),
			...names.map((name) => scoreOf(frame, "previous-token", name)),
		]),
	];
}
