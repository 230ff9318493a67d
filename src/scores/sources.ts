import type { Model } from "../models/model.js";
import {
	abxa,
	repeat,
	type Samples,
	type Task,
	TaskError,
	type TokenRange,
	textRows,
} from "../tasks/index.js";
import { Random } from "../tensor/index.js";
import type { SampleKind } from "./score.js";

/** Which samples scores are computed on. */
export interface SampleOptions {
	/** Rows of each kind. Default 50; of a text at most the rows that it has. */
	samples?: number;
	/**
	 * Tokens of a segment (repeats), of X (A B X A) or of a row's half (text). Default 50, 8 and 50 (25 for
	 * prefix-matching and copying), or what fits the model's context and the range of ids.
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

/** Where a group of scores gets its rows from. */
export interface Source {
	readonly task: Task;
	readonly count: number;
}

const DEFAULT_SAMPLES = 50;
/** Segment lengths that are asked for where none is given: Olsson et al. use 25, ARENA 50. */
const DEFAULT_N: Readonly<Record<SampleKind, number>> = { abxa: 8, repeat: 50, "repeat-4": 25, random: 25 };
/** Most filler before A B where the context has room. */
const DEPTH = 4;

/** The source of samples of a kind; kinds make no difference where text or ids are given. */
export function sourceOf(model: Model, kind: SampleKind, range: TokenRange, options: SampleOptions): Source {
	const count = options.samples ?? DEFAULT_SAMPLES;
	if (!Number.isSafeInteger(count) || count < 1) {
		throw new TaskError(`samples: got ${count}, allowed whole numbers from 1`);
	}
	if (options.ids) return given(model, options.ids, options);
	if (options.mask) throw new TaskError("mask: given without ids");
	if (options.text !== undefined) {
		const ids = model.tokenize(options.text, { bos: false }).ids;
		const length = Math.min(model.config.nCtx, 2 * (options.n ?? DEFAULT_N.repeat));
		const task = textRows({ ids, length, ...(range.bosId !== undefined && { bosId: range.bosId }) });
		return { task, count: Math.min(count, task.rows) };
	}
	return { task: randomTask(model, kind, range, options.n), count };
}

function randomTask({ config: { nCtx } }: Model, kind: SampleKind, range: TokenRange, asked?: number): Task {
	const front = range.bosId === undefined ? 0 : 1;
	const ids = range.high - range.low - (range.bosId !== undefined && inside(range.bosId, range) ? 1 : 0);
	const times = { abxa: 1, repeat: 2, "repeat-4": 4, random: 1 }[kind];
	// what surrounds the n tokens of `A B X_1..X_n A`
	const around = kind === "abxa" ? 3 : 0;
	const most = Math.min(Math.floor((nCtx - front - around) / times), ids - (kind === "abxa" ? 2 : 0));
	const least = kind === "random" ? 2 : 1;
	if (most < least) {
		throw new TaskError(`${kind}: no row fits a context of ${nCtx} tokens and ${ids} token ids`);
	}
	const n = asked ?? Math.min(DEFAULT_N[kind], most);
	if (n > most || n < least) {
		throw new TaskError(
			`n: ${n} for ${kind} samples, allowed ${least}..${most} (context ${nCtx}, ${ids} token ids)`,
		);
	}
	if (kind !== "abxa") return repeat({ ...range, n, times });
	const depth = Math.min(DEPTH, nCtx - front - around - n, ids - n - 2);
	return abxa({ ...range, n, depth: [0, depth] });
}

/** Rows as they were given. */
function given(model: Model, ids: readonly (readonly number[])[], { mask, period }: SampleOptions): Source {
	// everything about rows and mask is checked here, before the first of them runs
	model.pack(ids, mask ? { mask } : {});
	const bosId = model.tokenizer?.bosId;
	const bos = bosId !== undefined && ids.every((row, r) => row[mask?.[r]?.indexOf(1) ?? 0] === bosId);
	let next = 0;
	const task: Task = {
		name: "ids",
		doc: "the given tokens",
		length: Math.max(...ids.map((row) => row.length)),
		draw: (_, count): Samples => {
			const [from, to] = [next, next + count];
			next = to;
			const rows = { ids: ids.slice(from, to), bos };
			return {
				...rows,
				...(mask && { mask: mask.slice(from, to) }),
				...(period !== undefined && { period }),
			};
		},
	};
	return { task, count: ids.length };
}

/** The ids that random tokens are drawn from, and the BOS where rows are to have one. */
export function tokenRange(model: Model, { range, bos }: SampleOptions): TokenRange {
	const { tokenizer, config } = model;
	const wanted = bos ?? tokenizer?.addsBos ?? false;
	const bosId = tokenizer?.bosId;
	if (wanted && bosId === undefined) {
		throw new TaskError(`bos: the tokenizer of ${model.name} names no BOS token`);
	}
	const [low, high] = range ?? ordinaryTokens(model);
	if (
		!(
			Number.isSafeInteger(low) &&
			Number.isSafeInteger(high) &&
			low >= 0 &&
			low < high &&
			high <= config.vocab
		)
	) {
		throw new TaskError(`range: got [${low}, ${high}), allowed 0 <= low < high <= ${config.vocab}`);
	}
	return { low, high, ...(wanted && bosId !== undefined && { bosId }) };
}

function inside(id: number, { low, high }: TokenRange): boolean {
	return id >= low && id < high;
}

/** The longest run of ids [low, high) that are neither special tokens nor the bytes of a byte-fallback table. */
function ordinaryTokens({ tokenizer, config: { vocab } }: Model): readonly [number, number] {
	if (!tokenizer) return [0, vocab];
	const bytes = new Set(Array.from({ length: 256 }, (_, byte) => tokenizer.idOf(byteName(byte))));
	const end = Math.min(vocab, tokenizer.vocabSize);
	let best: readonly [number, number] = [0, 0];
	for (let low = 0, id = 0; id <= end; id++) {
		if (id < end && !bytes.has(id) && tokenizer.decode([id], { skipSpecial: true }) !== "") continue;
		if (id - low > best[1] - best[0]) best = [low, id];
		low = id + 1;
	}
	return best[1] > best[0] ? best : [0, vocab];
}

/** How SentencePiece names the token of a byte: `<0x0A>`. */
function byteName(byte: number): string {
	return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The first row that a score is computed on with these options, such as a figure shows. */
export function exampleRow(model: Model, kind: SampleKind, options: SampleOptions): readonly number[] {
	const { task } = sourceOf(model, kind, tokenRange(model, options), options);
	return task.draw(new Random(options.seed ?? 0), 1).ids[0] as readonly number[];
}
