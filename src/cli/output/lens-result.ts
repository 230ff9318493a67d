import type { DirectAttribution, LensAnswer, LogitLens, Part, Unit } from "../../lens/index.js";
import type { Model } from "../../models/model.js";
import type { Tensor } from "../../tensor/index.js";
import type { RunBatch } from "../commands/icl/run-options.js";
import { rounded } from "../input/score-samples.js";
import type { RunResult } from "../open/run-result.js";

/** Of a regression run: which checkpoint, and which sequence of which batch. */
type RunSubject = RunResult & { readonly batch: RunBatch; readonly sample: number };

/** What the lens looks at. */
export interface Subject {
	readonly ref: string;
	readonly model: Model;
	readonly run?: RunSubject;
	/** One row. */
	readonly input: readonly (readonly number[])[] | Tensor<"float32">;
	readonly mask?: readonly (readonly number[])[];
	/** The row's own tokens as text, without padding. */
	readonly tokens: readonly string[];
	/** Of a regression run the true y by position, undefined at y tokens; its first output is the prediction of y. */
	readonly targets?: readonly (number | undefined)[];
}

interface Base {
	readonly model: string;
	readonly run?: RunSubject;
	/** The row's own tokens. */
	readonly tokens: readonly string[];
	/** Which of them are looked at. */
	readonly positions: readonly number[];
}

/** A token's numbers, [point][position]. */
export interface AnswerResult {
	readonly id: number;
	readonly token: string;
	readonly logits: readonly (readonly number[])[];
	readonly probabilities: readonly (readonly number[])[];
	/** Tokens with a higher logit: 0 for the best. */
	readonly ranks: readonly (readonly number[])[];
}

/** What `headscope lens --json` prints beside `out`; numbers have 7 significant digits. */
export interface LensResult extends Base {
	/** "0_pre", ..., "final_post". */
	readonly labels: readonly string[];
	readonly points: readonly string[];
	/** [point][position][k], best first; absent for regression runs. */
	readonly top?: readonly (readonly (readonly {
		readonly id: number;
		readonly token: string;
		readonly probability: number;
	}[])[])[];
	readonly answer?: AnswerResult;
	readonly wrong?: AnswerResult;
	/** Of a regression run: the prediction of y at each x [point][position]. */
	readonly predictions?: readonly (readonly number[])[];
	/** Of a regression run: the true y at each x [position]. */
	readonly targets?: readonly number[];
}

/** What `headscope lens --direct --json` prints beside `out`. */
export interface DirectResult extends Base {
	readonly by: Unit;
	/** The token whose logit is taken apart; null for the prediction of a regression run. */
	readonly answer: string | null;
	readonly wrong: string | null;
	/** [position] */
	readonly total: readonly number[];
	/** Total minus all parts: [position]. */
	readonly remainder: readonly number[];
	readonly parts: readonly (Part & { /** [position] */ readonly values: readonly number[] })[];
}

export function lensResult(subject: Subject, found: LogitLens): LensResult {
	const read = found.positions[0] as readonly number[];
	const { top, answer, wrong } = found;
	const { targets } = subject;
	const positions = targets ? read.filter((p) => targets[p] !== undefined) : read;
	const textOf = (id: number): string => tokenText(subject.model, id);
	return {
		...baseOf(subject, positions),
		labels: found.labels,
		points: found.points,
		...(top && {
			top: found.points.map((_, p) =>
				positions.map((__, i) =>
					Array.from({ length: top.ids.shape[3] as number }, (___, k) => {
						const id = top.ids.at(p, 0, i, k);
						return { id, token: textOf(id), probability: rounded(Math.exp(top.logProbs.at(p, 0, i, k))) };
					}),
				),
			),
		}),
		...(answer && { answer: answerResult(answer, textOf) }),
		...(wrong && { wrong: answerResult(wrong, textOf) }),
		...(targets && {
			predictions: found.points.map((_, point) =>
				positions.map((p) => rounded((found.logits as Tensor).at(point, 0, read.indexOf(p), 0))),
			),
			targets: positions.map((p) => rounded(targets[p] as number)),
		}),
	};
}

export function directResult(
	subject: Subject,
	{ parts, values, total, remainder, positions }: DirectAttribution,
	{ by, answers, wrong }: { by: Unit; answers?: string | number; wrong?: string | number },
): DirectResult {
	const at = positions[0] as readonly number[];
	const row = ({ data }: Tensor): number[] => Array.from(data as Float32Array, rounded);
	const named = (given: string | number | undefined): string | null =>
		given === undefined ? null : typeof given === "number" ? tokenText(subject.model, given) : given;
	return {
		...baseOf(subject, at),
		by,
		answer: named(answers),
		wrong: named(wrong),
		total: row(total),
		remainder: row(remainder),
		parts: parts.map((part, i) => ({ ...part, values: row(values.select(i)) })),
	};
}

function baseOf({ ref, run, tokens }: Subject, positions: readonly number[]): Base {
	return { model: ref, ...(run && { run }), tokens, positions };
}

function answerResult(
	{ ids, logits, logProbs, ranks }: LensAnswer,
	textOf: (id: number) => string,
): AnswerResult {
	const grid = (of: Tensor, read: (value: number) => number): number[][] =>
		(of.toNested() as number[][][]).map((rows) => (rows[0] as number[]).map(read));
	const id = ids[0] as number;
	return {
		id,
		token: textOf(id),
		logits: grid(logits, rounded),
		probabilities: grid(logProbs, (value) => rounded(Math.exp(value))),
		ranks: grid(ranks, (value) => value),
	};
}

/** A token's text; ids beyond the tokenizer, of which a table may have some, are told as numbers. */
function tokenText({ tokenizer }: Model, id: number): string {
	return tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`;
}
