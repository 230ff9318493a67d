import { checkpointSteps } from "../../models/checkpoint-steps-node.js";
import type { Model } from "../../models/model.js";
import { nextTokenLoss } from "../../models/next-token-loss.js";
import type { Run } from "../../runs/run.js";
import { createEngine } from "../../runtime/index.js";
import type { HeadScores } from "../../scores/index.js";
import { repeat } from "../../tasks/index.js";
import { Random } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { PhaseOptions } from "../commands/phase.js";
import { asUsage, sampleOptions, scoreFor } from "../input/score-samples.js";
import { engineOptionsOf, loadFor } from "./open.js";
import { isRun, openHeads } from "./open-heads.js";
import { scoreRun } from "./run-heads.js";

/** A checkpoint, and what was measured there on the same rows as at the others. */
export interface ScoredCheckpoint {
	/** The training step, from 0. */
	readonly step: number;
	/** By score, in the order in which they are shown. */
	readonly found: ReadonlyMap<string, HeadScores>;
	/** Of a language model: mean cross-entropy, in nats, of tokens that a repeated segment says again. */
	readonly loss?: number;
}

/** All checkpoints of a training. */
export interface ScoredTraining {
	/** The regression run's name; absent for language models. */
	readonly run?: string;
	/** Ascending. */
	readonly checkpoints: readonly [ScoredCheckpoint, ...ScoredCheckpoint[]];
}

/** What is scored of language models. */
const SCORES = ["induction-repeat", "previous-token"];

/** Scores every head of a language model or of a regression run at each checkpoint. */
export async function scoreCheckpoints(
	cli: Cli,
	ref: string,
	options: PhaseOptions,
): Promise<ScoredTraining> {
	const samples = await sampleOptions(options);
	if (!(await isRun(ref, options))) {
		const steps = await checkpointSteps(ref);
		// one for all of them: what the first is asked is compiled for the others
		await using engine = await createEngine(engineOptionsOf(options));
		const checkpoints = await each(cli, steps, async (step) => {
			await using model = await loadFor(cli, `${ref}@${step}`, options, undefined, engine);
			const found = await scoreFor(cli, model, SCORES, samples);
			return { step, found, loss: await lossOf(cli, model, options, found) };
		});
		return { checkpoints };
	}
	await using opened = await openHeads(cli, ref, options);
	const run = opened.run as Run;
	const checkpoints = await each(cli, await run.steps(), async (step) => {
		await using at = await run.at(step);
		return { step, found: await scoreRun(cli, at, samples) };
	});
	return { run: run.name, checkpoints };
}

async function each(
	cli: Cli,
	steps: readonly number[],
	score: (step: number) => Promise<ScoredCheckpoint>,
): Promise<ScoredTraining["checkpoints"]> {
	const scored: ScoredCheckpoint[] = [];
	for (const step of steps) {
		scored.push(await score(step));
		cli.progress.onStep("Scoring checkpoints")(scored.length, steps.length);
	}
	cli.progress.end();
	return scored as unknown as ScoredTraining["checkpoints"];
}

/** The loss on the second copies of random segments, as many as there were rows to score. */
async function lossOf(
	cli: Cli,
	model: Model,
	{ n, seed }: PhaseOptions,
	found: ReadonlyMap<string, HeadScores>,
): Promise<number> {
	const { config, tokenizer } = model;
	// special tokens, which come first in the vocabulary, are not random tokens
	const low = Math.max(-1, tokenizer?.bosId ?? -1, tokenizer?.eosId ?? -1) + 1;
	const range = low * 2 < config.vocab ? { low, high: config.vocab } : { low: 0, high: config.vocab };
	const period = n ?? Math.min(50, Math.floor(config.nCtx / 2));
	const rows = found.values().next().value?.samples ?? 0;
	try {
		const task = repeat({ ...range, n: period, distinct: period * 2 < config.vocab });
		const { ids } = task.draw(new Random(seed), rows);
		// the first token of the second copy cannot be told
		return await nextTokenLoss(model, ids, period + 1, cli.signal);
	} catch (error) {
		throw asUsage(error);
	}
}
