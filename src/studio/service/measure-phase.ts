import { type Model, nextTokenLoss, Random } from "headscope";
import { scoreHeads } from "headscope/scores";
import { repeat } from "headscope/tasks";
import { atStep } from "../step-ref.js";
import type { Phase, PhaseScore } from "./checkpoint-host.js";
import { openOnce } from "./open-once.js";
import type { StudioState } from "./state.js";

/** As `headscope phase` does. */
const SCORES = ["induction-repeat", "previous-token"];
const ROWS = 50;
const MOST_PERIOD = 50;

interface MeasureOptions {
	readonly signal: AbortSignal;
	report(progress: { readonly done: number; readonly total: number }): void;
}

/** Scores every head of a language model at every checkpoint, on the same rows. */
export async function measurePhase(
	state: StudioState,
	base: string,
	steps: readonly number[],
	{ signal, report }: MeasureOptions,
): Promise<Phase> {
	const loss: number[] = [];
	const found: Map<string, { values: number[][]; best: { head: string; score: number } }>[] = [];
	for (const [done, step] of steps.entries()) {
		report({ done, total: steps.length });
		signal.throwIfAborted();
		const ref = atStep(base, step);
		const options = { signal: new AbortController().signal, onProgress() {} };
		await openOnce(state, ref, () => state.host.openModel(ref, options));
		const { model } = state.model(ref);
		const scored = await scoreHeads(model, SCORES, { samples: ROWS, signal });
		found.push(
			new Map(
				[...scored].map(
					([
						name,
						{
							values,
							ranking: [best],
						},
					]) => [name, { values, best: { head: best?.head ?? "0.0", score: best?.score ?? 0 } }],
				),
			),
		);
		loss.push(await lossOf(model, signal));
	}
	const scoreOf = (name: string): PhaseScore => ({
		values: found.map((at) => at.get(name)?.values ?? []),
		best: found.map((at) => at.get(name)?.best ?? { head: "0.0", score: 0 }),
	});
	return { steps, loss, scores: Object.fromEntries(SCORES.map((name) => [name, scoreOf(name)])) };
}

/** The loss on the second copies of random segments. */
async function lossOf(model: Model, signal: AbortSignal): Promise<number> {
	const { config, tokenizer } = model;
	// special tokens, which come first in the vocabulary, are not random tokens
	const first = Math.max(-1, tokenizer?.bosId ?? -1, tokenizer?.eosId ?? -1) + 1;
	const low = first * 2 < config.vocab ? first : 0;
	const n = Math.min(MOST_PERIOD, Math.floor(config.nCtx / 2));
	const task = repeat({ low, high: config.vocab, n, distinct: n * 2 < config.vocab });
	const { ids } = task.draw(new Random(0), ROWS);
	// the first token of the second copy cannot be told
	return nextTokenLoss(model, ids, n + 1, signal);
}
