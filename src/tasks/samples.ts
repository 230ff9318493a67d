import type { Random } from "../tensor/index.js";

/** Token rows to run a model on, as plain data. */
export interface Samples {
	/** Rows; they may differ in length. */
	readonly ids: readonly (readonly number[])[];
	/** Whether the first token of every row is the BOS. */
	readonly bos: boolean;
	/** Where rows repeat one segment: its length in tokens. */
	readonly period?: number;
	/** 1 for tokens that count, 0 for padding; the shape of `ids`. */
	readonly mask?: readonly (readonly number[])[];
}

/** Makes samples: equal random streams give equal samples, however many are drawn at a time. */
export interface Task<S extends Samples = Samples> {
	readonly name: string;
	/** One line that says what its rows look like. */
	readonly doc: string;
	/** Longest row in tokens. */
	readonly length: number;
	/** Draws the next `count` rows. */
	draw(random: Random, count: number): S;
}

/** Which token ids random tokens come from, and the BOS that may stand in front of them. */
export interface TokenRange {
	/** Lowest id that is drawn. */
	readonly low: number;
	/** One more than the highest id that is drawn. */
	readonly high: number;
	/** Put in front of every row; no BOS where it is absent. */
	readonly bosId?: number;
}

/** Samples that cannot be made as asked. */
export class TaskError extends Error {
	override readonly name = "TaskError";
}

/** @throws {TaskError} unless `value` is a whole number of at least `least`. */
export function checkCount(where: string, value: number, least = 1): void {
	if (!Number.isSafeInteger(value) || value < least) {
		throw new TaskError(`${where}: got ${value}, allowed whole numbers from ${least}`);
	}
}

/** @throws {TaskError} unless a range of ids holds at least `needed` ids. */
export function checkRange(where: string, { low, high, bosId }: TokenRange, needed: number): void {
	if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low < 0) {
		throw new TaskError(`${where}: token ids ${low}..${high - 1}, allowed whole numbers from 0`);
	}
	const room = high - low - (bosId !== undefined && bosId >= low && bosId < high ? 1 : 0);
	if (room < needed) {
		throw new TaskError(
			`${where}: needs ${needed} different token ids, but ${low}..${high - 1} has ${Math.max(0, room)}`,
		);
	}
}

/** Different random ids of a range, never the BOS. */
export function drawDistinct(random: Random, count: number, { low, high, bosId }: TokenRange): number[] {
	return random.distinct(count, low, high, bosId === undefined ? undefined : new Set([bosId]));
}

/** The tokens that stand in front of every row. */
export function prefix({ bosId }: TokenRange): number[] {
	return bosId === undefined ? [] : [bosId];
}
