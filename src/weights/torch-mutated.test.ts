import { readFileSync } from "node:fs";
import fc from "fast-check";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { collectGarbage } from "../../test/collect-garbage.js";
import { WeightsError } from "./errors.js";
import { bytesSource } from "./source.js";
import { readTorchCheckpoint } from "./torch-checkpoint.js";

const MB = 2 ** 20;

async function outcome(file: Uint8Array): Promise<"read" | "refused"> {
	try {
		await readTorchCheckpoint(bytesSource(file, "lie.pt"));
		return "read";
	} catch (error) {
		expect(error).toBeInstanceOf(WeightsError);
		expect((error as Error).message).toMatch(/^lie\.pt: [^\n\r\u2028\u2029]{5,600}$/);
		return "refused";
	}
}

test.each(["features-p2.pt", "features-p5.pt", "current-torch2.13.pt"])(
	"%s mutated is read or refused with one line, in little memory",
	async (name) => {
		const original = new Uint8Array(readFileSync(`test/reference/icl/checkpoints/${name}`));
		const pickleEnd = Math.min(original.length, 12_000);
		const place = fc.oneof(
			fc.integer({ min: 0, max: pickleEnd - 1 }),
			fc.integer({ min: Math.max(0, original.length - 9000), max: original.length - 1 }),
		);
		const bytes = fc.oneof(
			fc.uint8Array({ minLength: 1, maxLength: 4 }),
			fc
				.constantFrom(0xffffffff, 0x7fffffff, 0, 1, 2 ** 20)
				.map((n) => new Uint8Array(Uint32Array.of(n).buffer)),
		);
		const mutation = fc.record({ at: place, bytes, from: place });
		// what one run allocates at most, touched or not: the peak of a process counts what is not collected yet, too
		let most = 0;
		const allocated = (): number => {
			const { arrayBuffers, heapUsed } = process.memoryUsage();
			return arrayBuffers + heapUsed;
		};
		const outcomes = { read: 0, refused: 0 };
		const property = fc.asyncProperty(
			fc.array(mutation, { minLength: 1, maxLength: 3 }),
			fc.option(place),
			fc.boolean(),
			async (mutations, cut, copy) => {
				if ((outcomes.read + outcomes.refused) % 20 === 0) collectGarbage();
				let file = withoutChecksums(original);
				for (const { at, bytes, from } of mutations) {
					if (copy) file.copyWithin(at, from, from + 40);
					else file.set(bytes.subarray(0, file.length - at), at);
				}
				if (cut !== null && cut % 7 === 0) file = file.slice(0, cut);
				const before = allocated();
				outcomes[await outcome(file)]++;
				most = Math.max(most, allocated() - before);
			},
		);
		await fc.assert(property, { numRuns: 500 });
		expect(most).toBeGreaterThan(1000);
		expect(most).toBeLessThan(original.length + 32 * MB);
		expect(outcomes.refused).toBeGreaterThan(100);
		expect(outcomes.read).toBeGreaterThan(10);
	},
);

/** A copy whose checksums are 0, "not computed": mutations are to reach the pickle. */
function withoutChecksums(file: Uint8Array): Uint8Array<ArrayBuffer> {
	const copy = file.slice();
	const view = new DataView(copy.buffer);
	for (let at = 0; at + 46 < copy.length; at++) {
		if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 16, 0, true);
	}
	return copy;
}

test("the most that a pickle may make stays below 384 MB", async () => {
	const times = (n: number, what: string): Uint8Array => Buffer.from(what.repeat(n), "latin1");
	const pickle = (...parts: (string | Uint8Array)[]): Uint8Array =>
		Buffer.concat([
			Uint8Array.of(0x80, 4),
			...parts.map((p) => (typeof p === "string" ? Buffer.from(p, "latin1") : p)),
		]);
	const bombs = [
		pickle("]", times(262_000, "}NNsa"), "."),
		pickle("]", times(262_000, "\x8fa"), "."),
		pickle("]", times(262_000, "cx\nx\na"), "."),
		pickle(times(15_000, `X\xe8\x03\0\0${"y".repeat(1000)}0`), "N."),
		pickle(
			"]",
			Buffer.concat(
				Array.from({ length: 500_000 }, (_, i) => Uint8Array.of(0x4a, i, i >> 8, i >> 16, 1, 0x94, 0x61)),
			),
			".",
		),
	];
	const before = process.resourceUsage().maxRSS * 1024;
	for (const bomb of bombs) {
		collectGarbage();
		await outcome(zipSync({ "a/data.pkl": bomb }, { level: 0 }));
	}
	expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(384 * MB);
});
