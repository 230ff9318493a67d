import type { Model } from "headscope";
import * as z from "zod/mini";

/** Most prompts side by side, and letters of one: more is refused with a word, not tried. */
export const MOST_PROMPTS = 8;
export const MOST_LETTERS = 200_000;

const ids = z
	.array(z.array(z.int().check(z.nonnegative())).check(z.minLength(1)))
	.check(z.minLength(1), z.maxLength(256));

/** Rows as experiments write them: texts, or token ids. */
export const rowFields = {
	prompts: z.optional(
		z.array(z.string().check(z.maxLength(MOST_LETTERS))).check(z.minLength(1), z.maxLength(MOST_PROMPTS)),
	),
	ids: z.optional(ids),
	bos: z.optional(z.boolean()),
};

/** Rows of a run. */
export interface GivenRows {
	readonly prompts?: readonly string[] | undefined;
	readonly ids?: readonly (readonly number[])[] | undefined;
	/** Default: where the model's tokenizer does. */
	readonly bos?: boolean | undefined;
}

/** A token as the page shows it. */
export interface Token {
	readonly id: number;
	/** The text it stands for. */
	readonly text: string;
	/** The same with white space made visible. */
	readonly shown: string;
	/** [start, end) in the prompt, in UTF-16 code units; both 0 for what the tokenizer put in front. */
	readonly start: number;
	readonly end: number;
}

/** The tokens of each row. @throws {Error} for a row without tokens, and one longer than the model's context */
export function tokenRows(model: Model, { prompts, ids, bos }: GivenRows): Token[][] {
	const { tokenizer, config } = model;
	const rows = ids
		? ids.map((row) => row.map((id) => token(model, id, [0, 0])))
		: (prompts ?? []).map((text) => {
				const encoding = model.tokenize(text, bos === undefined ? {} : { bos });
				return encoding.ids.map((id, i) => token(model, id, encoding.offsets[i] ?? [0, 0]));
			});
	for (const [r, row] of rows.entries()) {
		const what = rows.length > 1 ? `prompt ${r + 1}: ` : "";
		if (row.length === 0)
			throw new Error(
				`${what}no tokens${tokenizer?.bosId === undefined ? "" : "; a BOS alone would do"}: type something`,
			);
		if (row.length > config.nCtx)
			throw new Error(
				`${what}${row.length} tokens, but the model's context is ${config.nCtx}; shorten the text`,
			);
	}
	if (rows.length === 0) throw new Error("no prompts: expected prompts or ids");
	return rows;
}

function token({ tokenizer, config }: Model, id: number, [start, end]: readonly [number, number]): Token {
	if (id >= config.vocab) throw new Error(`token id ${id}, allowed 0..${config.vocab - 1}`);
	const known = tokenizer !== undefined && id < tokenizer.vocabSize;
	const text = known ? tokenizer.tokenText(id) : String(id);
	return { id, text, shown: known ? tokenizer.displayText(id) : String(id), start, end };
}
