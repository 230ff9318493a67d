import { reject } from "./errors.js";

/** A spacing of steps: how many points over the whole run, or `[first, last, points]`. */
export type Spacing = number | readonly [number, number, number];

/**
 * At which steps something happens: a list, or points evenly spaced on a logarithmic and on a linear
 * axis, together. The subsamples keep every n-th point.
 */
export type StepsSetting =
	| readonly number[]
	| {
			readonly log_space?: Spacing | null | undefined;
			readonly linear_space?: Spacing | null | undefined;
			readonly log_subsample?: number | undefined;
			readonly linear_subsample?: number | undefined;
	  };

/** Most points of one spacing. */
const MAX_POINTS = 2 ** 20;

/**
 * The steps that a setting lists, sorted: exactly those of the Python trainer, whose points are
 * truncated, not rounded. The list may hold `numSteps` itself, which no run reaches.
 */
export function expandSteps(setting: StepsSetting, numSteps: number): number[] {
	if (isStepList(setting)) return sortedSet(setting);
	const { log_space: log, linear_space: linear, log_subsample = 1, linear_subsample = 1 } = setting;
	const steps = [
		...(log == null ? [] : every(logSpace(...spacing(log, 1, numSteps)), log_subsample)),
		...(linear == null ? [] : every(linearSpace(...spacing(linear, 0, numSteps)), linear_subsample)),
	];
	return sortedSet(steps);
}

/**
 * The steps of a setting that a run of `numSteps` steps reaches, and always its last one: the Python
 * trainer saved its end only where rounding happened to fall short of it.
 */
export function reachedSteps(setting: StepsSetting, numSteps: number): number[] {
	const last = numSteps - 1;
	return sortedSet([...expandSteps(setting, numSteps).filter((step) => step <= last), last]);
}

function isStepList(setting: StepsSetting): setting is readonly number[] {
	return Array.isArray(setting);
}

function spacing(space: Spacing, first: number, numSteps: number): [number, number, number] {
	const [start, stop, points] = typeof space === "number" ? [first, numSteps, space] : space;
	const whole = Number.isInteger(points) && points >= 1 && points <= MAX_POINTS;
	if (!whole || !(start >= first) || !(stop >= start) || !Number.isFinite(stop)) {
		reject(
			"steps",
			`a spacing of ${points} points from ${start} to ${stop}; allowed are 1 to ${MAX_POINTS} points, from ${first} or more upwards`,
		);
	}
	return [start, stop, points];
}

/** `points` numbers from `start` to `stop`, both included. */
function between(start: number, stop: number, points: number): number[] {
	const step = points > 1 ? (stop - start) / (points - 1) : 0;
	// the order of operations is numpy's: the last bit decides what truncation makes of a whole number
	return Array.from({ length: points }, (_, i) => (i > 0 && i === points - 1 ? stop : i * step + start));
}

function linearSpace(start: number, stop: number, points: number): number[] {
	return sortedSet(between(start, stop, points).map(Math.trunc));
}

function logSpace(start: number, stop: number, points: number): number[] {
	const powers = between(Math.log10(start), Math.log10(stop), points);
	return sortedSet(powers.map((power) => Math.trunc(10 ** power)));
}

function every(steps: readonly number[], n: number): number[] {
	if (!Number.isInteger(n) || n < 1) reject("steps", `a subsample of ${n}, allowed whole numbers from 1`);
	return steps.filter((_, i) => i % n === 0);
}

function sortedSet(steps: readonly number[]): number[] {
	return [...new Set(steps)].sort((a, b) => a - b);
}
