import type { ActivationCache } from "../hooks/activation-cache.js";
import type { Model } from "../models/model.js";
import { Random, Tensor } from "../tensor/index.js";
import { chooseToken } from "./choose-token.js";
import { checkInterventions } from "./interventions-at.js";
import { type GenerateOptions, type Settings, settingsOf } from "./options.js";
import { type PackedPrompts, type Prompt, packPrompts } from "./pack-prompts.js";
import { Sequence } from "./sequence.js";
import { TextPieces } from "./text-pieces.js";

/** Why a row ended: at a token of `stop`, at `maxNewTokens`, or where the model's context is full. */
export type End = "stop" | "length" | "context";

/** A token as it comes. */
export interface NewToken {
	/** Which prompt it continues. */
	readonly row: number;
	/** Its place in the row, counting the prompt's tokens. */
	readonly position: number;
	readonly id: number;
	/** The text that it completes: "" for a part of a character and for special tokens, several characters at times. */
	readonly text: string;
	/** Natural logarithm of the probability that the model gave it, at temperature 1 and among all tokens. */
	readonly logProb: number;
	/** What it was chosen from: [vocab]. */
	readonly logits: Tensor<"float32">;
	/** With the row's last token: why it is the last. */
	readonly end?: End;
}

/** One row that is being continued. */
interface Row {
	readonly random: Random;
	readonly pieces: TextPieces | undefined;
	length: number;
	done: boolean;
}

/**
 * Continues prompts token by token. Each step runs the newest position of every row on the keys and values of those
 * before it; rows that have ended are carried along unseen until all have, so that what mixes rows (a mean over the batch)
 * means the same at every step. Interventions and hooks act at every step.
 *
 * Ended early, by `return` or a signal, it leaves nothing running.
 * @throws {GenerationError} for options that are not understood, and the signal's reason where that aborts
 */
export async function* streamTokens(
	model: Model,
	prompt: Prompt,
	options: GenerateOptions = {},
): AsyncGenerator<NewToken, void, undefined> {
	for await (const { tokens } of steps(model, prompt, options)) yield* tokens;
}

/** What a step brings: the run that computes a position's activations is the one that chooses the next token. */
export interface Step {
	/** The new tokens of the rows that go on; none after the last ones. */
	readonly tokens: readonly NewToken[];
	/** Activations at the positions of the previous step's tokens, of every row; only where points were asked for. */
	readonly activations?: ActivationCache;
}

/** The steps behind a stream. */
export async function* steps(
	model: Model,
	prompt: Prompt,
	options: GenerateOptions,
): AsyncGenerator<Step, void, undefined> {
	const settings = settingsOf(options, model);
	const packed = packPrompts(model, prompt, options.bos);
	checkInterventions(options.interventions ?? [], packed.mask !== undefined);
	const rows = rowsOf(model, packed, settings);
	const sequence = new Sequence(model, options);
	const keeps = options.names !== undefined;
	let run = await sequence.advance(packed.tokens, packed.mask, false);
	for (let made = 1; ; made++) {
		const isFull = sequence.length + 1 === model.config.nCtx;
		const ended: End | undefined = made === settings.maxNewTokens ? "length" : isFull ? "context" : undefined;
		const tokens: NewToken[] = [];
		const next = Tensor.zeros([rows.length, 1], "int32");
		for (const [b, row] of rows.entries()) {
			const own = run.logits.select(b);
			const { id, logProb } = chooseToken(own.data, settings, row.random);
			next.data[b] = id;
			if (row.done) continue;
			const end: End | undefined = settings.stop.has(id) ? "stop" : ended;
			row.done = end !== undefined;
			const text = (row.pieces?.push(id) ?? "") + (row.done ? (row.pieces?.end() ?? "") : "");
			const position = row.length++;
			tokens.push({ row: b, position, id, text, logProb, logits: own, ...(end && { end }) });
		}
		const finished = rows.every((row) => row.done);
		yield { tokens, ...(keeps && made > 1 && { activations: run.activations }) };
		if (finished && !keeps) return;
		run = await sequence.advance(next, undefined, keeps);
		if (!finished) continue;
		yield { tokens: [], activations: run.activations };
		return;
	}
}

function rowsOf(model: Model, { rows }: PackedPrompts, { seed }: Settings): Row[] {
	const seeds = new Random(seed);
	return rows.map((ids) => ({
		random: new Random(seeds.bits()),
		pieces: model.tokenizer && new TextPieces(model.tokenizer, ids),
		length: ids.length,
		done: false,
	}));
}
