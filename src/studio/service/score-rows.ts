import { type HeadScores, type ScoreHeadsOptions, scoreHeads } from "headscope/scores";
import { changesFor } from "./changes.js";
import type { MethodContext } from "./method.js";
import type { ScoredHeads, ScoreParams, ScoreProgress } from "./methods/score.js";
import { sourcesFor } from "./random-donors.js";
import { withFitting } from "./refused.js";
import { tokenRows } from "./rows.js";
import { remember } from "./state.js";

const DEFAULT_SAMPLES = 20;
/** Bytes of a chunk of rows: short runs, since a keystroke waits for the one that is under way. */
const MEMORY = 8 * 2 ** 20;

/**
 * Scores a model's heads; those of the unchanged model are kept. What changes take of the unchanged model is recorded for
 * the rows that are scored; changes that do not fit these are left out and told.
 */
export async function scoreRows(
	{ model: ref, scores, samples = DEFAULT_SAMPLES, seed = 0, prompts, ids, bos, ...given }: ScoreParams,
	{ state, signal, report }: MethodContext<ScoreProgress>,
): Promise<ScoredHeads> {
	const { model, looks } = state.model(ref);
	const isGiven = prompts !== undefined || ids !== undefined;
	const rows = isGiven
		? tokenRows(model, { prompts, ids, bos }).map((row) => row.map(({ id }) => id))
		: undefined;
	const key = JSON.stringify(["score", scores, rows ?? [samples, bos], seed]);
	const { result, refused } = await withFitting(given.interventions ?? [], (interventions) => {
		const run: NonNullable<ScoreHeadsOptions["run"]> = (input, { ids: scored, mask }) => {
			const sources = sourcesFor(given.donors, model, scored);
			return changesFor(interventions, sources, { host: state.host, model, input, mask });
		};
		const find = async (): Promise<HeadScores[]> => {
			const found = await scoreHeads(model, scores, {
				...(rows ? { ids: rows } : { samples, ...(bos !== undefined && { bos }) }),
				...(interventions.length > 0 && { run }),
				seed,
				signal,
				memory: MEMORY,
				onProgress: (done, total) => report({ done, total }),
			});
			return [...found.values()];
		};
		return interventions.length > 0 ? find() : remember(looks, key, find, signal);
	});
	const cure = isGiven ? "" : "; on the prompts it may act";
	const left = refused.map(({ data, why }) => ({ data, why: `${why}${takes(data) ? cure : ""}` }));
	return { model: ref, scores: result, ...(left.length > 0 && { refused: left }) };
}

/** Whether a change takes values of rows that are not the scored ones. */
function takes(data: unknown): boolean {
	return typeof data === "object" && data !== null && "from" in data;
}
