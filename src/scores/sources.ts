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
import { SCORES } from "./registry.js";
import type { SampleKind } from "./score.js";
import { checkSamples, type SampleOptions, type Source, type Subject } from "./subject.js";

type TokenSamples = Exclude<SampleKind, "recall">;

const DEFAULT_SAMPLES = 50;
/** Segment lengths that are asked for where none is given: Olsson et al. use 25, ARENA 50. */
const DEFAULT_N: Readonly<Record<TokenSamples, number>> = { abxa: 8, repeat: 50, "repeat-4": 25, random: 25 };
/** Most filler before A B where the context has room. */
const DEPTH = 4;

/** A language model: its samples are rows of token ids, of the kind that a score wants or as they are given. */
export function languageSubject(model: Model, options: SampleOptions): Subject {
	const range = tokenRange(model, options);
	return {
		model,
		scores: SCORES,
		source: (kind) => ({
			...taskOf(model, kind, range, options),
			range,
			input: (ids) => ids,
			tokenText: (id) => {
				const { tokenizer } = model;
				return tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`;
			},
		}),
	};
}

type Rows = Pick<Source, "task" | "count">;

/** The task of a kind of samples; kinds make no difference where text or ids are given. */
function taskOf(model: Model, kind: SampleKind, range: TokenRange, options: SampleOptions): Rows {
	const count = checkSamples(options.samples ?? DEFAULT_SAMPLES);
	if (options.ids) return given(model, options.ids, options);
	if (options.mask) throw new TaskError("mask: given without ids");
	if (options.text !== undefined) {
		const ids = model.tokenize(options.text, { bos: false }).ids;
		const length = Math.min(model.config.nCtx, 2 * (options.n ?? DEFAULT_N.repeat));
		const task = textRows({ ids, length, ...(range.bosId !== undefined && { bosId: range.bosId }) });
		return { task, count: Math.min(count, task.rows) };
	}
	if (kind === "recall") throw new TaskError("recall: samples of regression runs; this is a language model");
	return { task: randomTask(model, kind, range, options.n), count };
}

function randomTask(
	{ config: { nCtx } }: Model,
	kind: TokenSamples,
	range: TokenRange,
	asked?: number,
): Task {
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
function given(model: Model, ids: readonly (readonly number[])[], { mask, period }: SampleOptions): Rows {
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
function tokenRange(model: Model, { range, bos }: SampleOptions): TokenRange {
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
