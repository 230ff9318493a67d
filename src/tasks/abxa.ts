import {
	checkCount,
	checkRange,
	drawDistinct,
	prefix,
	type Samples,
	type Task,
	TaskError,
	type TokenRange,
} from "./samples.js";

export interface AbxaOptions extends TokenRange {
	/** Tokens between the first A B and the last A. */
	readonly n: number;
	/** Least and most filler tokens before the first A, drawn for each row. Default [0, 0]. */
	readonly depth?: readonly [number, number];
}

/** Rows `[bos] F_1..F_d A B X_1..X_N A`. */
export interface AbxaSamples extends Samples {
	/** For each row the positions of the first A, of B, and of the last A (whose attention to B is of interest). */
	readonly positions: readonly { readonly a: number; readonly b: number; readonly query: number }[];
}

/**
 * `A B X_1 ... X_N A` at a random depth behind filler: all tokens of a row differ, but for A, which stands
 * there twice. A head that does induction attends from the last A to B.
 * @throws {TaskError} for counts below 1, a depth that is no range, too few ids.
 */
export function abxa(options: AbxaOptions): Task<AbxaSamples> {
	const { n, depth: [least, most] = [0, 0] } = options;
	checkCount("abxa: n", n);
	checkCount("abxa: depth", least, 0);
	checkCount("abxa: depth", most, 0);
	if (least > most) throw new TaskError(`abxa: depth: got [${least}, ${most}], allowed [least, most]`);
	checkRange("abxa", options, most + n + 2);
	const bos = options.bosId !== undefined;
	return {
		name: "abxa",
		doc: `${bos ? "[bos] " : ""}A B X_1..X_${n} A${most > 0 ? ` behind ${least} to ${most} tokens of filler` : ""}`,
		length: prefix(options).length + most + n + 3,
		draw: (random, count) => {
			const rows = Array.from({ length: count }, () => {
				const depth = random.integer(least, most + 1);
				const drawn = drawDistinct(random, depth + n + 2, options);
				const row = [...prefix(options), ...drawn, drawn[depth] as number];
				const a = prefix(options).length + depth;
				return { row, at: { a, b: a + 1, query: row.length - 1 } };
			});
			return { ids: rows.map(({ row }) => row), bos, positions: rows.map(({ at }) => at) };
		},
	};
}
