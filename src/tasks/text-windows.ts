import { checkCount, type Task, TaskError } from "./samples.js";

/**
 * Rows of `length` tokens from anywhere in a text, drawn independently: to train on. They overlap, unlike
 * those of `textRows`.
 * @throws {TaskError} for a text that is shorter than a row
 */
export function textWindows({ ids, length }: { ids: readonly number[]; length: number }): Task {
	checkCount("text: row length", length, 2);
	if (ids.length < length) {
		throw new TaskError(`text: ${ids.length} tokens, allowed from ${length}, which is one row`);
	}
	return {
		name: "text-windows",
		doc: `${length} tokens from anywhere in the text`,
		length,
		draw: (random, count) => ({
			ids: Array.from({ length: count }, () => {
				const at = random.integer(0, ids.length - length + 1);
				return ids.slice(at, at + length);
			}),
			bos: false,
		}),
	};
}
