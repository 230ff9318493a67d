import type { Model } from "../models/model.js";
import { type Difference, Random, type Tensor } from "../tensor/index.js";
import type { Reference } from "./reference.js";
import { readLosses, type TextLosses } from "./text-losses.js";

/** Most tokens of the rows that invariants are checked on. */
const LENGTH = 16;

/** Positions of a row below which nothing can be told about it. */
export const SHORTEST = 4;

/** What is verified, and on what. */
export interface Subject {
	readonly model: Model;
	/** Two rows of random token ids, both as long as the context allows up to 16. */
	readonly rows: readonly [readonly number[], readonly number[]];
	/** The largest difference that is allowed between numbers of size 10 and below. */
	readonly tolerance: number;
	readonly reference?: Reference | undefined;
	/** A text that the model must be able to predict; undefined for the bundled English one. */
	readonly text?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	/** The losses on the text, computed once; a reason in words where there are none. */
	losses(): Promise<TextLosses | string>;
}

/** What the checks are given. */
export function makeSubject(
	model: Model,
	options: Pick<Subject, "tolerance" | "reference" | "text" | "signal">,
): Subject {
	const { vocab, nCtx } = model.config;
	const random = new Random(0);
	const row = (): number[] => Array.from({ length: Math.min(LENGTH, nCtx) }, () => random.integer(0, vocab));
	let losses: Promise<TextLosses | string> | undefined;
	const subject: Subject = {
		...options,
		model,
		rows: [row(), row()],
		losses: () => {
			losses ??= readLosses(subject);
			return losses;
		},
	};
	return subject;
}

/** What may be between two computations of the same numbers in float32: it grows with their size from 10 on. */
export function allowedFor({ tolerance }: Pick<Subject, "tolerance">, scale: number): number {
	return tolerance * Math.max(1, scale / 10);
}

/** A difference of two computations as a deviation. */
export function deviationOf(
	subject: Pick<Subject, "tolerance">,
	what: string,
	{ maxAbs, scale }: Pick<Difference, "maxAbs" | "scale">,
	place?: string,
): { what: string; measured: number; allowed: number; place?: string | undefined } {
	return { what, measured: maxAbs, allowed: allowedFor(subject, scale), place };
}

/** Positions [start, end) of a row of logits [batch, pos, vocab] or of another activation with these axes. */
export function positionsOfRow(values: Tensor, row: number, start: number, end: number): Tensor {
	return values.slice(0, row, row + 1).slice(1, start, end);
}

/** Where a hook point or module lies, in words: "layer 3 attention". */
export function placeOf(name: string): string {
	const [, layer, part = ""] = /(?:^|\.)blocks\.(\d+)\.(.*)/.exec(name) ?? [];
	if (layer !== undefined) {
		if (/^(attn|ln1|hook_attn|hook_[qkv]_input)/.test(part)) return `layer ${layer} attention`;
		if (/^(mlp|ln2|hook_mlp)/.test(part)) return `layer ${layer} MLP`;
		return `layer ${layer}`;
	}
	if (/(^|\.)ln_final(\.|$)/.test(name)) return "final norm";
	return name === "logits" || /(^|\.)unembed(\.|$)/.test(name) ? "unembedding" : "embedding";
}
