import { Model } from "../models/model.js";
import { type Row, rowsOf } from "../scores/row.js";
import type { SampleKind } from "../scores/score.js";
import { subjectOf } from "../scores/subject-of.js";
import type { AbxaSamples, Samples } from "../tasks/index.js";
import { Random, type Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { MetricContext } from "./metric.js";

/** Rows of token ids that a metric is computed on. Positions count a row's own tokens, so that padding shifts nothing. */
export interface TokenRows {
	readonly model: Model;
	/** int32 [rows, pos] */
	readonly input: Tensor<"int32">;
	readonly mask?: Tensor<"bool">;
	readonly rows: readonly Row[];
	/** The token that each row's last one asks for, where the samples are made so: B of A B X..A. */
	readonly answers?: readonly number[];
}

/**
 * The rows that the options mean: prompts, ids, a text cut into rows, or random ones.
 * @param kind what random rows are where the options do not say; undefined where random ones make no sense
 * @throws {MetricError} for a regression run, and where there are no rows; {TaskError} for rows that cannot be made
 */
export function tokenRows({ of, options, where }: MetricContext, kind: SampleKind | undefined): TokenRows {
	if (!(of instanceof Model)) {
		reject(where, "is about token ids; a regression run has the metrics of its evaluator, such as mse");
	}
	const { task, prompts, ...own } = options;
	const given = [task, prompts, own.ids, own.text].filter((rows) => rows !== undefined).length;
	if (given > 1) reject(where, "rows come from one of prompts, ids, text and task, got several");
	if (given === 0 && kind === undefined) reject(where, "needs rows to be about: prompts, ids, text or task");
	const rowOptions = prompts === undefined ? own : { ...own, ids: promptIds(of, prompts, own.bos) };
	const wanted = task === "induction" ? "repeat" : (task ?? kind ?? "repeat");
	const source = subjectOf(of, rowOptions).source(wanted);
	const samples = source.task.draw(new Random(own.seed ?? 0), source.count);
	const { ids, mask } = samples;
	const packed = of.pack(ids, mask ? { mask } : {});
	return {
		model: of,
		input: packed.tokens,
		...(packed.mask && { mask: packed.mask }),
		rows: rowsOf(samples).rows,
		...(isAbxa(samples) && { answers: samples.positions.map(({ b }, r) => ids[r]?.[b] as number) }),
	};
}

/** @throws {MetricError} for none, {ModelError} for one without tokens */
function promptIds(model: Model, prompts: string | readonly string[], bos: boolean | undefined): number[][] {
	const texts = typeof prompts === "string" ? [prompts] : prompts;
	if (texts.length === 0) reject("prompts", "the list is empty");
	return texts.map((text) => [...model.tokenize(text, bos === undefined ? {} : { bos }).ids]);
}

function isAbxa(samples: Samples): samples is AbxaSamples {
	return "positions" in samples;
}
