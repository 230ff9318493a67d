import { expect, test } from "vitest";
import { outcomeOf, type Target } from "./target.js";

class Refusal extends Error {}

const reading = (read: () => unknown): Target => ({
	sources: [],
	refusals: [Refusal],
	read,
	seeds: () => [],
});
const outcome = (read: () => unknown): Promise<string> => outcomeOf(reading(read), new Uint8Array(0));

test("a result and a refusal of one line are outcomes", async () => {
	expect(await outcome(() => 1)).toBe("read");
	expect(
		await outcome(() => {
			throw new Refusal("a file: is wrong");
		}),
	).toBe("refused");
});

test.each<[string, () => unknown, RegExp]>([
	[
		"another error",
		() => {
			throw new TypeError("x is not a function");
		},
		/no refusal/,
	],
	["an error in a promise", () => Promise.reject(new RangeError("too far")), /no refusal/],
	[
		"a refusal of two lines",
		() => {
			throw new Refusal("a file:\nis wrong");
		},
		/not one line/,
	],
	[
		"a refusal as long as a file",
		() => {
			throw new Refusal("x".repeat(10_000));
		},
		/not one line/,
	],
	[
		"a polluted prototype",
		() => Object.assign(Object.prototype, { polluted: 1 }),
		/a prototype got polluted/,
	],
])("%s is a finding", async (_, read, message) => {
	await expect(outcome(read)).rejects.toThrow(message);
	expect("polluted" in {}).toBe(false);
});
