import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { referenceJson } from "../../test/reference-data.js";
import { TrainError } from "./errors.js";
import { expandSteps, reachedSteps } from "./steps.js";

interface Steps {
	readonly count: number;
	readonly steps: number[];
	/** The last three that the Python trainer reached. */
	readonly reached: number[];
}
type Facts = Record<string, { checkpoint: Steps; logging: Steps }> & {
	"500000_dense": { count: number; first: number[]; last: number[] };
};

const facts = referenceJson<Facts>("icl", "facts", "schedules.json");

describe.each(["10", "100", "1000", "15000", "20000", "500000"])("a run of %s steps", (length) => {
	test.each([
		["checkpoint", 50],
		["logging", 100],
	] as const)("%s steps are the Python trainer's, and the last one", (kind, points) => {
		const fact = facts[length]?.[kind] as Steps;
		const numSteps = Number(length);
		const setting = { log_space: points, linear_space: points };
		expect(expandSteps(setting, numSteps)).toEqual(fact.steps);
		const reached = reachedSteps(setting, numSteps);
		expect(reached.at(-1)).toBe(numSteps - 1);
		const theirs = fact.steps.filter((step) => step < numSteps);
		expect(theirs.slice(-3)).toEqual(fact.reached);
		expect(reached).toEqual([...new Set([...theirs, numSteps - 1])]);
	});
});

test("ten thousand points", () => {
	const { count, first, last } = facts["500000_dense"];
	const steps = expandSteps({ log_space: 100, linear_space: 10000 }, 500_000);
	expect(steps.length).toBe(count);
	expect(steps.slice(0, first.length)).toEqual(first);
	expect(steps.slice(-last.length)).toEqual(last);
});

test("lists are sorted, subsamples thin out, bad spacings are refused", () => {
	expect(expandSteps([5, 1, 5], 10)).toEqual([1, 5]);
	expect(reachedSteps([5, 1, 50], 10)).toEqual([1, 5, 9]);
	expect(reachedSteps({}, 10)).toEqual([9]);
	expect(expandSteps({ linear_space: [0, 100, 11], linear_subsample: 5 }, 100)).toEqual([0, 50, 100]);
	expect(() => expandSteps({ log_space: [0, 10, 3] }, 10)).toThrow(TrainError);
	expect(() => expandSteps({ log_space: 1e9 }, 10)).toThrow(/1000000000 points from 1 to 10/);
	expect(() => expandSteps({ linear_space: 2.5 }, 10)).toThrow(TrainError);
});

test("reached steps are whole, within the run, rising, and end with the last", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 1_000_000 }),
			fc.integer({ min: 1, max: 200 }),
			fc.integer({ min: 1, max: 200 }),
			(numSteps, log, linear) => {
				const steps = reachedSteps({ log_space: log, linear_space: linear }, numSteps);
				expect(steps.every((s) => Number.isInteger(s) && s >= 0 && s < numSteps)).toBe(true);
				expect(steps.every((s, i) => i === 0 || s > (steps[i - 1] as number))).toBe(true);
				expect(steps.at(-1)).toBe(numSteps - 1);
				expect(steps.length).toBeLessThanOrEqual(log + linear + 1);
			},
		),
	);
});
