import { type Model, Random } from "headscope";
import * as z from "zod/mini";
import { defineMethod } from "../method.js";

const params = z.strictObject({
	model: z.string(),
	/** `abxa`: A B X_1..X_n A; `repeat`: a segment of n words, twice. */
	kind: z.enum(["abxa", "repeat"]),
	/** Default 6, or what fits the model's context. */
	n: z.optional(z.int().check(z.minimum(1), z.maximum(64))),
	seed: z.int(),
});

/** A text for the prompt. */
export interface SampleText {
	readonly text: string;
}

/** Draws until a text is read as it was written: a vocabulary may join neighbours. */
const MOST_DRAWS = 20;
const DEFAULT_N = 6;

export const sample = defineMethod({
	doc: "a text of random words of a model's vocabulary, a token each: A B X.. A, or a segment said twice",
	params,
	run: async ({ model: ref, kind, seed, ...given }, { state }): Promise<SampleText> => {
		const { abxa, repeat } = await import("headscope/tasks");
		const { model } = state.model(ref);
		const words = wordsOf(model);
		const room = model.config.nCtx - 1;
		const n = Math.min(given.n ?? DEFAULT_N, kind === "abxa" ? room - 3 : Math.floor(room / 2));
		const range = { low: 0, high: words.length, n };
		const task = kind === "abxa" ? abxa(range) : repeat(range);
		const random = new Random(seed);
		let text = "";
		for (let draw = 0; draw < MOST_DRAWS; draw++) {
			const ids = (task.draw(random, 1).ids[0] ?? []).map((word) => words[word] as number);
			text = model.tokenizer?.decode(ids) ?? "";
			if (model.tokenize(text, { bos: false }).ids.join() === ids.join()) break;
		}
		return { text };
	},
});

/** Tokens that are a word of plain letters; behind a space where the vocabulary has such. */
function wordsOf({ name, tokenizer, config }: Model): number[] {
	if (!tokenizer) throw new Error(`sample: ${name} came without a tokenizer, so no text can be made for it`);
	const behindSpace: number[] = [];
	const bare: number[] = [];
	for (let id = 0; id < Math.min(tokenizer.vocabSize, config.vocab); id++) {
		const text = tokenizer.tokenText(id);
		if (/^ [a-z]{3,10}$/.test(text)) behindSpace.push(id);
		else if (/^[a-z]{3,10}$/.test(text)) bare.push(id);
	}
	return behindSpace.length > 50 ? behindSpace : bare;
}
