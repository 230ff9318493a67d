import { checkCount, type Samples, type Task, TaskError } from "./samples.js";

/** How a long text is cut into rows. */
export interface TextRowsOptions {
	/** The text's token ids, without a BOS. */
	readonly ids: readonly number[];
	/** Tokens of a row, BOS included. */
	readonly length: number;
	readonly bosId?: number;
}

/**
 * Natural text cut into rows of equal length, each behind a BOS where one is given; what is left over at the
 * end is dropped. Rows are drawn in random order, each once, so there are `rows` of them at most.
 * @throws {TaskError} for a text that is shorter than a row, and when more rows are drawn than there are.
 */
export function textRows({ ids, length, bosId }: TextRowsOptions): Task & { readonly rows: number } {
	const front = bosId === undefined ? [] : [bosId];
	checkCount("text: row length", length, front.length + 2);
	const step = length - front.length;
	const rows = Math.floor(ids.length / step);
	if (rows === 0) {
		throw new TaskError(`text: ${ids.length} tokens, allowed from ${step}, which is one row`);
	}
	let order: number[] | undefined;
	return {
		name: "text",
		doc: `rows of ${length} tokens of the text${bosId === undefined ? "" : ", each behind a BOS"}`,
		length,
		rows,
		draw: (random, count): Samples => {
			order ??= random.shuffle(Array.from({ length: rows }, (_, row) => row));
			if (count > order.length) {
				throw new TaskError(`text: ${count} rows asked for, ${order.length} left of ${rows}`);
			}
			const drawn = order
				.splice(0, count)
				.map((row) => [...front, ...ids.slice(row * step, (row + 1) * step)]);
			return { ids: drawn, bos: bosId !== undefined };
		},
	};
}
