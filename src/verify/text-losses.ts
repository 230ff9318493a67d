import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import type { Tokenizer } from "../tokenizers/index.js";
import { reject } from "./errors.js";
import type { Subject } from "./subject.js";

/** Longest window of the text, in tokens. */
const WINDOW = 128;

/** Fewest tokens of a text. */
const FEWEST = 16;

/** Vocabularies up to this size are too small for the bundled English to say anything. */
const SMALL_VOCABULARY = 4000;

/** Numbers of one run's logits: 128 MiB. */
const MOST_LOGITS = 2 ** 25;

/** What a model makes of a text, in nats a token. */
export interface TextLosses {
	/** [window][position]: the loss of each token behind a window's first. */
	readonly windows: readonly (readonly number[])[];
	/** Over all of them. */
	readonly mean: number;
	/** Of who knows nothing: ln of the vocabulary's size. */
	readonly uniform: number;
	/** Of who knows how often each token occurs in this very text, but no context: the entropy of these frequencies. */
	readonly unigram: number;
	/** How finely the tokenizer cuts; about 1.3 where a vocabulary was learned from English. */
	readonly tokensPerWord: number;
	/** Whether the text is the bundled one, which says less. */
	readonly bundled: boolean;
}

/** The losses on the subject's text; a reason in words where the bundled one says nothing of this model. */
export async function readLosses({ model, text: given, signal }: Subject): Promise<TextLosses | string> {
	const { tokenizer, config } = model;
	if (!tokenizer) {
		if (given !== undefined) reject("text", `${model.name} came without a tokenizer`);
		return "the model came without a tokenizer";
	}
	const bundled = given === undefined;
	if (bundled && tokenizer.vocabSize <= SMALL_VOCABULARY) {
		return `English says nothing of a vocabulary of ${tokenizer.vocabSize} tokens (needs more than ${SMALL_VOCABULARY}); give a text of its own kind`;
	}
	const text = given ?? (await import("./english.js")).ENGLISH.replaceAll(/(\S)\n(?=\S)/g, "$1 ");
	const ids = idsOf(text, tokenizer);
	if (bundled && !spells(text, ids, tokenizer))
		return "the vocabulary cannot spell English; give a text of its own kind";
	const rows = windowsOf(ids, tokenizer, config.nCtx);
	const targets = rows.flatMap((row) => row.slice(1));
	const windows = await lossesOf(model, rows, signal);
	const all = windows.flat();
	return {
		windows,
		mean: all.reduce((a, b) => a + b, 0) / all.length,
		uniform: Math.log(config.vocab),
		unigram: entropyOf(targets),
		tokensPerWord: ids.length / text.trim().split(/\s+/).length,
		bundled,
	};
}

function idsOf(text: string, tokenizer: Tokenizer): readonly number[] {
	try {
		return tokenizer.encode(text, { bos: false }).ids;
	} catch (error) {
		return reject("text", `the tokenizer cannot read it: ${(error as Error).message}`);
	}
}

/** Whether the ids give the text's letters back. */
function spells(text: string, ids: readonly number[], tokenizer: Tokenizer): boolean {
	const letters = (from: string): string => from.toLowerCase().replaceAll(/[^a-z]/g, "");
	return letters(tokenizer.decode(ids, { skipSpecial: true })) === letters(text);
}

/** Rows of equal length that cut the text, each with a BOS in front where the model's tokenizer puts one. */
function windowsOf(ids: readonly number[], { addsBos, bosId }: Tokenizer, nCtx: number): number[][] {
	const front = addsBos && bosId !== undefined ? [bosId] : [];
	const length = Math.min(WINDOW, nCtx, ids.length + front.length);
	if (length < FEWEST) {
		reject("text", `${ids.length} tokens in a context of ${nCtx}, needs at least ${FEWEST} in a row`);
	}
	const own = length - front.length;
	const count = Math.floor(ids.length / own);
	return Array.from({ length: count }, (_, w) => [...front, ...ids.slice(w * own, (w + 1) * own)]);
}

/** The loss of every token but the first of each row. */
async function lossesOf(
	model: Model,
	rows: readonly (readonly number[])[],
	signal: AbortSignal | undefined,
): Promise<number[][]> {
	const length = rows[0]?.length ?? 0;
	const many = Math.max(1, Math.floor(MOST_LOGITS / (length * model.config.vocab)));
	const losses: number[][] = [];
	for (let at = 0; at < rows.length; at += many) {
		const batch = rows.slice(at, at + many);
		const next = Tensor.from(
			batch.map((row) => row.slice(1)),
			"int32",
		);
		const readout = {
			names: [],
			concrete: true,
			feeds: { next },
			outputs: (get: (name: string) => Value, g: G) => {
				const logits = g.slice(get("logits"), 1, 0, length - 1); // [row, pos, vocab]
				const chosen = g.unsqueeze(g.input("next", "int32", next.shape), 2);
				return { losses: g.neg(g.takeAlong(g.logSoftmax(logits), chosen, 2)) }; // [row, pos, 1]
			},
		};
		const found = (await model.read(batch, readout, signal ? { signal } : {})).get("losses") as Tensor;
		losses.push(...(found.reshape(next.shape).toNested() as number[][]));
	}
	return losses;
}

/** Entropy in nats of the frequencies of ids. */
function entropyOf(ids: readonly number[]): number {
	const counts = new Map<number, number>();
	for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
	let entropy = 0;
	for (const n of counts.values()) entropy -= (n / ids.length) * Math.log(n / ids.length);
	return entropy;
}
