import {
	type Measure,
	type MeasureOf,
	type MeasureOptions,
	type MetricData,
	measuring,
} from "../metrics/index.js";
import { isMeasure } from "../metrics/metric.js";
import type { Ids } from "../models/batch.js";
import { Model } from "../models/model.js";
import type { ModelInput } from "../models/run-options.js";
import { checkAligned } from "./align-prompts.js";
import { cleanInput } from "./clean-input.js";
import { type RunPair, runPair } from "./run-pair.js";

/** Clean rows beside a measure of the corrupted ones. */
export interface CleanOptions {
	/** Prompts, or rows of ids: what is patched in. As many and as long as the corrupted ones. */
	readonly clean: ModelInput;
}

/** Both prompts and a metric that is bound to them. */
export interface PromptPair extends CleanOptions, Pick<MeasureOptions, "bos"> {
	/** Prompts, or rows of ids: what is patched. */
	readonly corrupt: string | readonly string[] | Ids;
	/** Such as `{ kind: "logit-difference", answers: " Paris", wrong: " Rome" }`. */
	readonly metric: string | MetricData;
}

/** What says the rows: of a bound metric, of a language model, of a regression run. */
export type PairOptions = CleanOptions | PromptPair | RunPair;

/** The corrupted rows with their metric, and the clean ones, which match them position by position. */
export interface Pair {
	readonly measure: Measure;
	readonly clean: Measure["input"];
}

/**
 * Binds a pair: a model with prompts, a regression run on its evaluator's sequences, or a metric that is bound to the
 * corrupted rows with the clean ones.
 * @throws {CausalError} for rows that do not match, {MetricError} for a metric that does not fit them
 */
export async function pairOf(of: MeasureOf | Measure, options: PairOptions): Promise<Pair> {
	if (of instanceof Model) return promptPair(of, options as PromptPair);
	if (!isMeasure(of)) return runPair(of, options as RunPair);
	return { measure: of, clean: cleanInput(of, (options as CleanOptions).clean) };
}

async function promptPair(model: Model, { corrupt, metric, clean, bos }: PromptPair): Promise<Pair> {
	checkAligned(model, clean, corrupt, bos);
	const rows = isText(corrupt)
		? { prompts: corrupt, ...(bos !== undefined && { bos }) }
		: { ids: (typeof corrupt[0] === "number" ? [corrupt] : corrupt) as readonly (readonly number[])[] };
	const measure = await measuring(model, metric, rows);
	return { measure, clean: cleanInput(measure, clean, bos) };
}

function isText(input: PromptPair["corrupt"]): input is string | readonly string[] {
	return typeof input === "string" || typeof input[0] === "string";
}
