import type { RegressionModel } from "../../models/regression/index.js";
import { TaskError } from "../../tasks/index.js";
import {
	type RecallSamples,
	type RegressionSequences,
	recall,
	recallTokens,
	tokenName,
} from "../../tasks/regression/index.js";
import { checkSamples, type SampleOptions, type Subject } from "../subject.js";
import { REGRESSION_SCORES } from "./registry.js";

/** A regression model and the sequences that it is scored on, which a run has. */
export interface RegressionHeads {
	readonly model: RegressionModel;
	/** Where examples come from; a run's own are those of its pre-training tasks. */
	readonly pretrainDist: RegressionSequences;
}

/** Sequences are short, so that many cost little and intervals get narrow. */
export const DEFAULT_SEQUENCES = 256;

/** What is said of rows of token ids, and means nothing here. */
const OF_TOKENS = ["bos", "range", "text", "ids", "mask", "period"] as const;

/**
 * A regression run: its samples are sequences of examples that end in an x which they have shown before.
 * @throws {TaskError} for options that are about token ids, and more examples than fit
 */
export function regressionSubject({ model, pretrainDist }: RegressionHeads, options: SampleOptions): Subject {
	const { maxExamples, taskSize } = model.config;
	const odd = OF_TOKENS.find((name) => options[name] !== undefined);
	if (odd !== undefined) {
		throw new TaskError(`${odd}: is about token ids; the rows of a regression run are sequences of examples`);
	}
	const count = checkSamples(options.samples ?? DEFAULT_SEQUENCES);
	if (maxExamples < 2) {
		throw new TaskError("recall: no x can come again in a model of one example (max_examples 1)");
	}
	const n = options.n ?? maxExamples - 1;
	if (!Number.isSafeInteger(n) || n < 1 || n > maxExamples - 1) {
		throw new TaskError(
			`n: ${n} examples before one that comes again, allowed 1..${maxExamples - 1} (max_examples ${maxExamples})`,
		);
	}
	if (pretrainDist.prior.taskSize !== taskSize) {
		throw new TaskError(
			`recall: tasks of ${pretrainDist.prior.taskSize} numbers for a model of task_size ${taskSize}`,
		);
	}
	return {
		model: model.model,
		scores: REGRESSION_SCORES,
		source: (kind) => {
			if (kind !== "recall") throw new TaskError(`${kind}: samples of token ids; this is a regression run`);
			return {
				task: recall(pretrainDist, n),
				count,
				range: { low: 2 * n, high: 2 * n + 1 },
				input(ids, samples: RecallSamples) {
					return recallTokens(ids, samples);
				},
				tokenText: tokenName,
			};
		},
	};
}
