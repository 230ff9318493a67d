import { ActivationCache } from "../hooks/activation-cache.js";
import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import type { GenerateOptions } from "./options.js";
import { type Prompt, packPrompts } from "./pack-prompts.js";
import { type End, type NewToken, steps } from "./stream-tokens.js";

/** What a prompt was continued with. */
export interface Continuation {
	/** The prompt's ids. */
	readonly prompt: readonly number[];
	/** The new tokens' ids, with the one that ended the row. */
	readonly ids: readonly number[];
	/** Their text; special tokens are left out. "" for a model without a tokenizer. */
	readonly text: string;
	/** Of each new token: the natural logarithm of the probability that the model gave it. */
	readonly logProbs: readonly number[];
	readonly end: End;
	/** With `logits`: what each token was chosen from, [new, vocab]. */
	readonly logits?: Tensor<"float32">;
	/**
	 * With `names`: activations at the new tokens' positions, a batch of one row. They are those of a run of the whole row; keys of
	 * patterns and scores are all its positions.
	 */
	readonly activations?: ActivationCache;
}

/**
 * Continues prompts, each with the numbers that a run of its whole text would give.
 * @returns one continuation for each prompt, in their order
 * @throws {GenerationError} for options that are not understood, and the signal's reason where that aborts
 */
export async function generate(
	model: Model,
	prompt: Prompt,
	options: GenerateOptions = {},
): Promise<Continuation[]> {
	const made: NewToken[][] = [];
	const kept: ActivationCache[] = [];
	for await (const step of steps(model, prompt, options)) {
		for (const token of step.tokens) {
			made[token.row] ??= [];
			made[token.row]?.push(token);
		}
		if (step.activations) kept.push(step.activations);
	}
	const { rows, tokens } = packPrompts(model, prompt, options.bos);
	const width = tokens.shape[1] as number;
	return rows.map((ids, b) => {
		const own = made[b] ?? [];
		return {
			prompt: ids,
			ids: own.map(({ id }) => id),
			text: own.map(({ text }) => text).join(""),
			logProbs: own.map(({ logProb }) => logProb),
			end: own.at(-1)?.end ?? "length",
			...(options.logits && { logits: stack(own.map(({ logits }) => logits)) }),
			...(options.names !== undefined && {
				activations: ActivationCache.join(
					kept.slice(0, own.length).map((cache) => cache.sliceBatch(b, b + 1)),
					width - ids.length,
				),
			}),
		};
	});
}

/** [vocab] tensors as [new, vocab]. */
function stack(rows: readonly Tensor<"float32">[]): Tensor<"float32"> {
	const width = rows[0]?.size ?? 0;
	const out = Tensor.zeros([rows.length, width]);
	for (const [i, { data }] of rows.entries()) out.data.set(data, i * width);
	return out;
}
