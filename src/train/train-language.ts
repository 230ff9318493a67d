import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { FEEDS } from "../models/trace-model.js";
import { repeatedSegments, type Task, textWindows } from "../tasks/index.js";
import { Random, Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { type LanguageConfig, languageModel } from "./language-config.js";
import { languageObjective } from "./objectives/index.js";
import { doRun, type RunOptions, type TrainResult } from "./run-plan.js";
import { schedule } from "./schedule.js";
import { reachedSteps } from "./steps.js";
import type { Feeds } from "./trainer.js";

export interface LanguageTrainOptions extends RunOptions {
	/** The text's token ids, where the run's data are a text. */
	readonly ids?: readonly number[];
}

/**
 * Trains a language model on next tokens alone, or goes on where it was stopped; what resuming promises is
 * what {@link trainRegression} does. Checkpoints hold the weights under Hugging Face's names.
 * @throws {TrainError} for settings that cannot run, checkpoints that do not fit, and a loss that is no number
 */
export async function trainLanguage(
	run: LanguageConfig,
	{ ids, ...options }: LanguageTrainOptions,
): Promise<TrainResult> {
	const { checkpoint_steps, ...numbers } = run;
	const { length, batch_size, num_steps, seed } = run;
	const model = await languageModel(run);
	return doRun(
		{
			objective: languageObjective,
			config: model,
			batch: batch_size,
			length,
			steps: num_steps,
			seed,
			optimizer: run.optimizer_config,
			rate: schedule(run.scheduler_config),
			checkpoints: new Set(reachedSteps(checkpoint_steps, num_steps)),
			settings: { ...numbers, ...(ids && { text: digest(ids) }) },
			begin: () => ({ draw: languageBatches(run, model.config.vocab, ids) }),
		},
		options,
	);
}

/** The settings of a run that decide what it is fed. */
export type LanguageData = Pick<LanguageConfig, "data" | "length" | "batch_size" | "seed">;

/**
 * The batch of each step, from 0, as a {@link Trainer} is fed it: what {@link trainLanguage} draws.
 * @param vocab token ids that the model has
 * @param ids of the text, where the data are one
 * @throws {TrainError} for data that the model cannot be fed
 */
export function languageBatches(
	run: LanguageData,
	vocab: number,
	ids?: readonly number[],
): (step: number) => Feeds {
	const { length, batch_size, seed } = run;
	const taskAt = tasksOf(run, vocab, ids);
	const positions = Tensor.from(
		Array.from({ length }, (_, i) => i),
		"int32",
	);
	return (step) => {
		const { ids: rows } = taskAt(step).draw(new Random(streamOf(seed, step)), batch_size);
		const tokens = new Tensor("int32", [batch_size, length], Int32Array.from(rows.flat()));
		return { [FEEDS.tokens]: tokens, [FEEDS.positions]: positions };
	};
}

/** Seeds of different steps and runs lie far apart: a multiple of a large odd number, modulo 2^32. */
function streamOf(seed: number, step: number): number {
	return (Math.imul(seed + 1, 0x9e3779b1) + step) >>> 0;
}

/** What the sequences of a step are drawn from. */
function tasksOf(
	{ data, length }: LanguageData,
	vocab: number,
	ids: readonly number[] | undefined,
): (step: number) => Task {
	if (data.kind === "text") {
		if (!ids) return reject("language run", "data.kind text, but no text was given");
		const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocab);
		if (wrong !== undefined)
			reject("language run", `the text has token id ${wrong}, allowed 0..${vocab - 1}`);
		const task = textWindows({ ids, length });
		return () => task;
	}
	if (ids) reject("language run", `a text was given, but data.kind is ${data.kind}`);
	const { range, offset, except } = data;
	const [low, high] = range;
	if (high > vocab)
		reject("language run", `data.range up to ${high}, allowed up to ${vocab}, the vocabulary`);
	const stages = data.segments.map(({ from, span: segment }) => ({
		from,
		task: repeatedSegments({ low, high, length, offset, segment, except }),
	}));
	const rising = stages.every(({ from }, i) => (i === 0 ? from === 0 : from > (stages[i - 1]?.from ?? 0)));
	if (!rising) reject("language run", "data.segments: stages must begin at step 0 and follow each other");
	return (step) => (stages.findLast(({ from }) => from <= step) as (typeof stages)[number]).task;
}

/** What tells one text from another in a checkpoint's settings. */
function digest(ids: readonly number[]): string {
	return bytesToHex(sha256(new Uint8Array(Int32Array.from(ids).buffer)));
}
