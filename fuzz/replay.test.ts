import { expect, test } from "vitest";
import { corpusFolder, readInputs } from "./corpus.js";
import { TARGETS } from "./registry.js";
import { outcomeOf } from "./target.js";

/** Bytes of all inputs together that the repository keeps. */
const MOST = 1_000_000;

test.each(Object.entries(TARGETS))(
	"%s reads or refuses what the fuzzer kept and what it begins with",
	async (name, load) => {
		const target = await load();
		const kept = readInputs(corpusFolder(name)).map(({ name: file, bytes }) => [file, bytes] as const);
		const seeds = [...target.seeds()].map((bytes, i) => [`seed ${i}`, bytes] as const);
		const outcomes = { read: 0, refused: 0 };
		for (const [what, bytes] of [...kept, ...seeds]) {
			const outcome = await outcomeOf(target, bytes).catch((error: Error) => {
				throw new Error(`${name}, ${what}: ${error.message}`, { cause: error.cause });
			});
			outcomes[outcome]++;
		}
		// both, or the inputs would say little
		expect(outcomes.read).toBeGreaterThan(10);
		if (target.refusals.length > 0) expect(outcomes.refused).toBeGreaterThan(10);
	},
	// thousands of inputs, on instrumented sources too
	600_000,
);

test("the corpus stays small", () => {
	const sizes = Object.keys(TARGETS).flatMap((name) =>
		readInputs(corpusFolder(name)).map(({ bytes }) => bytes.length),
	);
	expect(sizes.length).toBeGreaterThan(100);
	expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThan(MOST);
});
