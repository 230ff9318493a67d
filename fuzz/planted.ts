import type { Target } from "./target.js";

class Refusal extends Error {}

/** A reader with a fault, which one input of one letter shows. */
const planted = (fault: () => unknown): (() => Promise<Target>) => {
	const target: Target = {
		sources: [],
		refusals: [Refusal],
		read(input) {
			if (input[0] === 0x21) return fault();
			throw new Refusal("input: is not an exclamation mark");
		},
		*seeds() {
			yield Uint8Array.of(0x21);
		},
	};
	return async () => target;
};

/** Readers that the fuzzer must find something in: what tells that it would in the others. */
export const PLANTED: Readonly<Record<string, () => Promise<Target>>> = {
	healthy: planted(() => ({})),
	loop: planted(() => {
		for (;;);
	}),
	memory: planted(() => {
		const kept: Uint8Array[] = [];
		for (;;) kept.push(new Uint8Array(2 ** 24).fill(1));
	}),
	heap: planted(() => {
		const kept: unknown[] = [];
		for (;;) kept.push({ kept });
	}),
	later: planted(() => Promise.reject(new TypeError("x is not a function"))),
	forgotten: planted(() => void Promise.reject(new TypeError("nobody waits for this"))),
	pollution: planted(() => Object.assign(Object.prototype, { polluted: 1 })),
};
