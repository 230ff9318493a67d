import { parseInterventions } from "headscope";
import { donorPoints } from "headscope/interventions";
import { type HeadScores, scoreHeads } from "headscope/scores";
import type { MethodContext } from "./method.js";
import type { ScoredHeads, ScoreParams, ScoreProgress } from "./methods/score.js";
import { tokenRows } from "./rows.js";
import { remember } from "./state.js";

const DEFAULT_SAMPLES = 20;

/**
 * Scores a model's heads; those of the unchanged model are kept.
 * @throws {Error} for interventions that take values of other rows: samples have no such rows
 */
export async function scoreRows(
	{ model: ref, scores, samples = DEFAULT_SAMPLES, seed = 0, prompts, ids, bos, ...given }: ScoreParams,
	{ state, signal, report }: MethodContext<ScoreProgress>,
): Promise<ScoredHeads> {
	const { model, looks } = state.model(ref);
	const interventions = parseInterventions(given.interventions ?? []);
	const [donor] = donorPoints(interventions, model.sizes).keys();
	if (donor !== undefined)
		throw new Error(
			`score: a change takes values of donor "${donor}", which sampled rows do not have; score the clean model, or switch that change off`,
		);
	const isGiven = prompts !== undefined || ids !== undefined;
	const rows = isGiven
		? tokenRows(model, { prompts, ids, bos }).map((row) => row.map(({ id }) => id))
		: undefined;
	const find = async (): Promise<HeadScores[]> => {
		const found = await scoreHeads(model, scores, {
			...(rows ? { ids: rows } : { samples, ...(bos !== undefined && { bos }) }),
			...(interventions.length > 0 && { run: { interventions } }),
			seed,
			signal,
			onProgress: (done, total) => report({ done, total }),
		});
		return [...found.values()];
	};
	if (interventions.length > 0) return { model: ref, scores: await find() };
	const key = JSON.stringify(["score", scores, rows ?? [samples, bos], seed]);
	return { model: ref, scores: await remember(looks, key, find) };
}
