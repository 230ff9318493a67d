import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../tensor/index.js";
import { chooseToken } from "./choose-token.js";
import type { Settings } from "./options.js";

const logits = Float32Array.from([1, 3, -2, 2.5, 0]);
const settings = (given: Partial<Settings>): Settings => ({
	maxNewTokens: 1,
	temperature: 1,
	topK: logits.length,
	topP: 1,
	seed: 0,
	stop: new Set(),
	...given,
});

/** Shares of the tokens among many draws. */
function shares(given: Partial<Settings>, draws = 10_000): number[] {
	const random = new Random(7);
	const counts = Array<number>(logits.length).fill(0);
	for (let i = 0; i < draws; i++) {
		const { id } = chooseToken(logits, settings(given), random);
		counts[id] = (counts[id] as number) + 1 / draws;
	}
	return counts;
}

/** Probabilities at a temperature of some tokens; the others have none. */
function expected(temperature: number, kept: readonly number[]): number[] {
	const weights = Array.from(logits, (x, id) => (kept.includes(id) ? Math.exp(x / temperature) : 0));
	const total = weights.reduce((a, b) => a + b, 0);
	return weights.map((w) => w / total);
}

describe("draws have the probabilities that are asked for", () => {
	const all = [0, 1, 2, 3, 4];
	// at temperature 1 the tokens have about 0.074, 0.549, 0.004, 0.333 and 0.027
	test.each<[Partial<Settings>, number, number[]]>([
		[{}, 1, all],
		[{ temperature: 2 }, 2, all],
		[{ temperature: 0.5 }, 0.5, all],
		[{ topK: 3 }, 1, [0, 1, 3]],
		[{ topP: 0.5 }, 1, [1]],
		[{ topP: 0.6 }, 1, [1, 3]],
		[{ topP: 0.95 }, 1, [0, 1, 3]],
		[{ topK: 2, topP: 0.7 }, 1, [1, 3]],
	])("%j", (given, temperature, kept) => {
		const drawn = shares(given);
		for (const [id, share] of expected(temperature, kept).entries()) {
			const got = drawn[id] as number;
			if (share === 0) expect(got).toBe(0);
			else expect(Math.abs(got - share)).toBeLessThan(0.02);
		}
	});
});

test("one token, a tiny nucleus and a very low temperature are greedy", () => {
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 30 }),
			fc.integer(),
			(values, seed) => {
				const own = Float32Array.from(values);
				const base = settings({ topK: own.length });
				const greedy = chooseToken(own, { ...base, temperature: 0 }, new Random(seed));
				expect(own[greedy.id]).toBe(Math.max(...values));
				for (const given of [{ topK: 1 }, { topP: 1e-9 }, { temperature: 1e-3 }])
					expect(chooseToken(own, { ...base, ...given }, new Random(seed))).toEqual(greedy);
			},
		),
	);
});

test("a seed draws the same, another one something else", () => {
	const draw = (seed: number): number[] => {
		const random = new Random(seed);
		return Array.from({ length: 30 }, () => chooseToken(logits, settings({}), random).id);
	};
	expect(draw(1)).toEqual(draw(1));
	expect(draw(1)).not.toEqual(draw(2));
});

test("the logarithm of the probability is the model's own, whatever is cut off", () => {
	const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
	for (const given of [{ temperature: 0 }, { topK: 1 }, { temperature: 3 }]) {
		const { id, logProb } = chooseToken(logits, settings(given), new Random(3));
		expect(logProb).toBeCloseTo((logits[id] as number) - total, 6);
	}
});
