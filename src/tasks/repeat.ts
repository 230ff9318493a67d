import {
	checkCount,
	checkRange,
	drawDistinct,
	prefix,
	type Samples,
	type Task,
	type TokenRange,
} from "./samples.js";

export interface RepeatOptions extends TokenRange {
	/** Tokens of a segment. */
	readonly n: number;
	/** How often the segment stands there. Default 2; 1 gives plain random tokens. */
	readonly times?: number;
	/** Whether the tokens of a segment all differ. Default true, so that every token has one place per segment. */
	readonly distinct?: boolean;
}

/** Rows `[bos] r_1..r_n r_1..r_n ...`. */
export interface RepeatSamples extends Samples {
	readonly period: number;
}

/**
 * Repeated random tokens: in every segment after the first, each next token can be told by induction.
 * @throws {TaskError} for counts below 1 and too few ids.
 */
export function repeat(options: RepeatOptions): Task<RepeatSamples> {
	const { n, times = 2, distinct = true } = options;
	checkCount("repeat: n", n);
	checkCount("repeat: times", times);
	checkRange("repeat", options, distinct ? n : 1);
	const bos = options.bosId !== undefined;
	const segments = times === 1 ? "" : `, ${times} times`;
	return {
		name: "repeat",
		doc: `${bos ? "[bos] " : ""}${n} random tokens${segments}`,
		length: prefix(options).length + n * times,
		draw: (random, count) => {
			const ids = Array.from({ length: count }, () => {
				const segment = distinct
					? drawDistinct(random, n, options)
					: Array.from({ length: n }, () => drawDistinct(random, 1, options)[0] as number);
				return [...prefix(options), ...Array<number[]>(times).fill(segment).flat()];
			});
			return { ids, bos, period: n };
		},
	};
}
