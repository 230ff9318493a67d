import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { collectGarbage } from "../../test/collect-garbage.js";
import { WeightsError } from "./errors.js";
import { loadWeights } from "./load-weights.js";
import { bytesSource } from "./source.js";
import { readTensorFile } from "./tensor-file.js";

const MB = 2 ** 20;
const FILES = {
	"a safetensors file": "test/reference/lm/models/rand-llama-tied-gqa-theta5e5/model.safetensors",
	"a GGUF file": "test/reference/weights/tiny.gguf",
};

/** Numbers that lengths, counts and offsets of a lying file are likely to be. */
const absurd = fc.oneof(
	fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
	fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
	fc.bigInt({ min: 0n, max: 100_000n }),
);

type Mutation = (file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** Where in the header to mutate, as a fraction, and with what. */
function mutationOf(headerLength: number): fc.Arbitrary<Mutation> {
	const place = fc.integer({ min: 0, max: headerLength - 1 });
	const overwrite =
		(at: number, bytes: Uint8Array): Mutation =>
		(file) => {
			if (at < file.length) file.set(bytes.subarray(0, file.length - at), at);
			return file;
		};
	return fc.oneof(
		fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(([at, b]) => overwrite(at, b)),
		fc.tuple(place, absurd).map(([at, n]) => overwrite(at, new Uint8Array(new BigUint64Array([n]).buffer))),
		fc.tuple(place, absurd).map(([at, n]) => overwrite(at, new TextEncoder().encode(String(n)))),
		fc
			.tuple(place, fc.constantFrom("NaN", "-1", "1e99", "[", "}", '"', "\0"))
			.map(([at, s]) => overwrite(at, new TextEncoder().encode(s))),
		place.map(
			(length): Mutation =>
				(file) =>
					file.slice(0, length),
		),
		fc.integer({ min: 1, max: 64 }).map(
			(n): Mutation =>
				(file) =>
					file.slice(0, file.length - n),
		),
		fc.tuple(place, place).map(
			([at, from]): Mutation =>
				(file) =>
					file.copyWithin(at, from, from + 40),
		),
	);
}

describe.each(Object.entries(FILES))("%s whose header is mutated", (_, path) => {
	const original = new Uint8Array(readFileSync(path));

	test("is read, or refused with one line, in little memory", async () => {
		const { entries } = await readTensorFile(bytesSource(original));
		const headerLength = Math.min(...[...entries.values()].map((e) => e.offset));
		const outcomes = { read: 0, refused: 0 };
		// what one run allocates at most. Memory that is reserved counts, touched or not, so a lie that makes
		// the reader ask for gigabytes shows even where the system never has to give them.
		let most = 0;
		const allocated = (): number => {
			const { arrayBuffers, heapUsed } = process.memoryUsage();
			return arrayBuffers + heapUsed;
		};
		const property = fc.asyncProperty(
			fc.array(mutationOf(headerLength), { minLength: 1, maxLength: 3 }),
			async (mutations) => {
				if ((outcomes.read + outcomes.refused) % 20 === 0) collectGarbage();
				let bytes: Uint8Array<ArrayBuffer> = original.slice();
				for (const mutate of mutations) bytes = mutate(bytes);
				const before = allocated();
				try {
					const file = await readTensorFile(bytesSource(bytes, "lie"));
					const tensors = [...file.entries].map(([name, { shape }]) => ({
						name,
						file: 0,
						entry: name,
						shape,
					}));
					await loadWeights({ files: [{ bytes, name: "lie" }], tensors });
					outcomes.read++;
				} catch (error) {
					expect(error).toBeInstanceOf(WeightsError);
					expect((error as Error).message).toMatch(/^lie: [^\n\r\u2028\u2029]{5,600}$/);
					outcomes.refused++;
				}
				most = Math.max(most, allocated() - before);
			},
		);
		await fc.assert(property, { numRuns: 1500 });
		// the counter sees allocations at all, and no lie makes one run take much more than the file
		expect(most).toBeGreaterThan(1000);
		expect(most).toBeLessThan(original.length + 16 * MB);
		// the mutations must bite, and not all at the first byte
		expect(outcomes.refused).toBeGreaterThan(500);
	});
});
