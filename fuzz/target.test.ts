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
const refuse = (message: string) => () => {
	throw new Refusal(message);
};

test("a result and a refusal of one line are outcomes", async () => {
	expect(await outcome(() => 1)).toBe("read");
	expect(await outcome(refuse("a file: is wrong"))).toBe("refused");
});

test("results may have any names, classes and circles", async () => {
	const result = {
		...(JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as object),
		names: Object.assign(Object.create(null), { a: 1 }),
		values: new Map([["a", [new Uint8Array(2), undefined, null, new Refusal("a")]]]),
		self: {},
	};
	result.self = result;
	expect(await outcome(() => result)).toBe("read");
});

test.each<[string, () => unknown, RegExp]>([
	[
		"another error",
		() => {
			throw new TypeError("x is not a function");
		},
		/no refusal/,
	],
	[
		"nothing that is thrown",
		() => {
			throw undefined;
		},
		/no refusal/,
	],
	["an error in a promise", () => Promise.reject(new RangeError("too far")), /no refusal/],
	["a refusal of two lines", refuse("a file:\nis wrong"), /not one line/],
	["a refusal as long as a file", refuse("x".repeat(10_000)), /not one line/],
	["a refusal that admits a bug", refuse("internal: no such group"), /a bug/],
	[
		"a polluted prototype",
		() => Object.assign(Object.prototype, { polluted: 1 }),
		/changed Object\.prototype\.polluted/,
	],
	[
		"a method that is another one",
		() => Object.assign(Object.prototype, { toString: () => "" }),
		/changed Object\.prototype\.toString/,
	],
	[
		"a method that is gone",
		() => Reflect.deleteProperty(Array.prototype, "flatMap"),
		/changed Array\.prototype\.flatMap/,
	],
	["something new of a class", () => Object.assign(Object, { polluted: 1 }), /changed Object\.polluted/],
	[
		"a name that became a prototype",
		() => new Map([["a", [{ b: assigned() }]]]),
		/prototype is \{"polluted":1\}/,
	],
])("%s is a finding", async (_, read, message) => {
	await expect(outcome(read)).rejects.toThrow(message);
	expect("polluted" in {}).toBe(false);
	expect([1].flatMap((x) => [x, x])).toEqual([1, 1]);
	expect(`${{}}`).toBe("[object Object]");
});

/** What a reader makes that writes names of a file into an object. */
function assigned(): object {
	const made: Record<string, unknown> = {};
	for (const [name, value] of [["__proto__", { polluted: 1 }] as const]) made[name] = value;
	return made;
}
