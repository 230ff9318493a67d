import {
	checkCount,
	checkRange,
	drawDistinct,
	prefix,
	type Task,
	TaskError,
	type TokenRange,
} from "./samples.js";

export interface RepeatedSegmentsOptions extends TokenRange {
	/** Tokens of a row, BOS included. */
	readonly length: number;
	/** Least and most random tokens in front of the segment, drawn for each row; fewer where a long segment needs the room. */
	readonly offset: readonly [number, number];
	/** Least and most tokens of the segment, drawn for each row. */
	readonly segment: readonly [number, number];
	/** Lengths between those that no row has, to test a model on later. Default none. */
	readonly except?: readonly number[];
}

/**
 * Rows to train on: `[bos] x_1..x_d`, then a random segment said again and again to the end of the row. Offset
 * and length differ from row to row, so that where a token stands does not tell what comes next, and only
 * what followed it before does. Tokens are drawn with repetition.
 * @throws {TaskError} for ranges that are none, and rows in which no segment is said twice
 */
export function repeatedSegments(options: RepeatedSegmentsOptions): Task {
	const { length, offset, segment, except = [] } = options;
	checkCount("repeated segments: length", length, 2);
	checkSpan("offset", offset, 0);
	checkSpan("segment", segment, 1);
	checkRange("repeated segments", options, 1);
	const front = prefix(options);
	if (front.length + offset[0] + segment[1] >= length) {
		throw new TaskError(
			`repeated segments: ${offset[0]} tokens and a segment of ${segment[1]} leave no repeat in ${length} tokens`,
		);
	}
	const lengths = Array.from({ length: segment[1] - segment[0] + 1 }, (_, i) => segment[0] + i).filter(
		(n) => !except.includes(n),
	);
	if (lengths.length === 0) {
		throw new TaskError(`repeated segments: segment [${segment.join(", ")}], of which none is left`);
	}
	return {
		name: "repeated-segments",
		doc: `${offset.join(" to ")} random tokens, then a segment of ${segment.join(" to ")} repeated to ${length} tokens`,
		length,
		draw: (random, count) => ({
			ids: Array.from({ length: count }, () => {
				const period = lengths[random.integer(0, lengths.length)] as number;
				// at least one token of every row is said again
				const most = Math.min(offset[1], length - front.length - period - 1);
				const start = front.length + random.integer(offset[0], most + 1);
				const row = [...front];
				for (let at = row.length; at < length; at++) {
					const again = at - period;
					row.push((again >= start ? row[again] : drawDistinct(random, 1, options)[0]) as number);
				}
				return row;
			}),
			bos: front.length > 0,
		}),
	};
}

function checkSpan(what: string, [least, most]: readonly [number, number], lowest: number): void {
	checkCount(`repeated segments: ${what}`, least, lowest);
	checkCount(`repeated segments: ${what}`, most, lowest);
	if (least > most) {
		throw new TaskError(`repeated segments: ${what}: got [${least}, ${most}], allowed [least, most]`);
	}
}
