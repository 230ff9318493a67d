import type { Model } from "../models/model.js";
import type { ModelInput } from "../models/run-options.js";
import { type Samples, type Task, TaskError, type TokenRange } from "../tasks/index.js";
import type { HeadScore, SampleKind } from "./score.js";

/** Which samples scores are computed on. */
export interface SampleOptions {
	/** Rows of each kind. Default 50, for a regression run 256; of a text at most the rows that it has. */
	samples?: number;
	/**
	 * Tokens of a segment (repeats), of X (A B X A) or of a row's half (text). Default 50, 8 and 50 (25 for
	 * prefix-matching and copying), or what fits the model's context and the range of ids. Of a regression run:
	 * examples before the x that comes again, default as many as fit.
	 */
	n?: number;
	/** Default 0. */
	seed?: number;
	/** Put a BOS in front of every row. Default: where the model's own tokenizer does. */
	bos?: boolean;
	/** Ids that random tokens are drawn from, [low, high). Default: the longest run of ordinary tokens (no special ones, no bytes). */
	range?: readonly [number, number];
	/** Natural text instead of random tokens. */
	text?: string;
	/** Exactly these rows instead; a BOS must already be in them. */
	ids?: readonly (readonly number[])[];
	/** 1 for tokens of `ids` that count, 0 for padding. */
	mask?: readonly (readonly number[])[];
	/** Where `ids` are one segment said again and again: its length, for the modes that go by it. */
	period?: number;
}

/**
 * Where a group of scores gets its rows from, and what a model is run on for them. Scores themselves see rows of
 * ids alone: which tokens are equal, and not what they are.
 */
export interface Source {
	readonly task: Task;
	readonly count: number;
	/** Ids that take the place of others in controls; a row uses those that do not occur in it. */
	readonly range: TokenRange;
	/** Rows of ids, the samples' own or their controls', as the model takes them. */
	input(ids: Samples["ids"], samples: Samples): ModelInput;
	/** What figures call a token. */
	tokenText(id: number): string;
}

/** Something whose heads are scored. */
export interface Subject {
	readonly model: Model;
	/** The scores that there are for it. */
	readonly scores: readonly HeadScore[];
	/** @throws {TaskError} for a kind of samples that it has none of */
	source(kind: SampleKind): Source;
}

/** @throws {TaskError} unless a number of samples is a whole number from 1 */
export function checkSamples(count: number): number {
	if (!Number.isSafeInteger(count) || count < 1) {
		throw new TaskError(`samples: got ${count}, allowed whole numbers from 1`);
	}
	return count;
}
