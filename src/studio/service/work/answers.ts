import type { Model } from "headscope";
import { answerIds } from "headscope/metrics";

/** A token by its id, and as people read it. */
export interface NamedToken {
	readonly id: number;
	readonly text: string;
	/** The same with white space made visible. */
	readonly shown: string;
}

/** What a token is called; ids beyond the tokenizer's are their own names. */
export function namedToken({ tokenizer }: Model, id: number): NamedToken {
	const known = tokenizer !== undefined && id < tokenizer.vocabSize;
	return {
		id,
		text: known ? tokenizer.tokenText(id) : String(id),
		shown: known ? tokenizer.displayText(id) : `#${id}`,
	};
}

/**
 * The one token that is meant.
 * @throws {Error} for a text of several tokens, and an id that the model lacks
 */
export function answerId(model: Model, answer: string | number, where: string): number {
	return answerIds(model, answer, 1, where)[0] as number;
}

/**
 * The likeliest tokens behind each row, likeliest first.
 * @param position which of a row's tokens they follow; negative ones count from its last. Default -1
 */
export async function likeliest(
	model: Model,
	rows: readonly (readonly number[])[],
	count: number,
	{ position = -1, signal }: { readonly position?: number; readonly signal: AbortSignal },
): Promise<number[][]> {
	const found: number[][] = [];
	for (const row of rows) {
		const at = position < 0 ? row.length + position : position;
		if (at < 0 || at >= row.length)
			throw new Error(`position: got ${position}, allowed ${-row.length}..${row.length - 1}`);
		const { data } = await model.run([row], { logitsAt: [[at]], signal });
		const order = [...data.keys()].sort((a, b) => (data[b] as number) - (data[a] as number) || a - b);
		found.push(order.slice(0, count));
	}
	return found;
}
