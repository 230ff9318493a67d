import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Storage, TrainError } from "../../src/train/index.js";

/** An empty storage of the kind under test, and another view of the same files, as a second machine has. */
export interface StorageUnderTest {
	readonly storage: Storage;
	readonly other: Storage;
	close(): Promise<void>;
}

/** How many files the listing must be able to give: more than one page of S3. */
const MANY = 1100;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every kind of storage must do. `runs` bounds the random programs, for those behind a network. */
export function storageConformance(kind: string, open: () => Promise<StorageUnderTest>, runs = 60): void {
	describe(`${kind} storage`, () => {
		let under: StorageUnderTest;
		let storage: Storage;
		beforeAll(async () => {
			under = await open();
			storage = under.storage;
		});
		afterAll(() => under.close());

		test("gives back what was put, byte for byte, and nothing for what was not", async () => {
			const all = Uint8Array.from({ length: 256 }, (_, i) => i);
			const large = Uint8Array.from({ length: 2 ** 20 + 1 }, (_, i) => (i * 7919) >> 3);
			for (const [key, value] of [
				["a/all", all],
				["a/b/large", large],
				["a/empty", new Uint8Array(0)],
				["odd name ü+%.pt", all],
			] as const) {
				expect(await storage.exists(key)).toBe(false);
				expect(await storage.get(key)).toBeUndefined();
				await storage.put(key, value);
				expect(await under.other.exists(key)).toBe(true);
				const read = await under.other.get(key);
				expect(read && Buffer.compare(read, value)).toBe(0);
			}
			expect(await storage.get("a")).toBeUndefined();
			expect(await storage.exists("a/b")).toBe(false);
			expect(await storage.get("a/all/below a file")).toBeUndefined();
			await storage.put("a/all", bytes("new"));
			expect(await storage.get("a/all")).toEqual(bytes("new"));
		});

		test("putNew writes once; of many at the same time one wins, and its bytes stay", async () => {
			expect(await storage.putNew("once/x", bytes("first"))).toBe(true);
			expect(await under.other.putNew("once/x", bytes("second"))).toBe(false);
			expect(await storage.get("once/x")).toEqual(bytes("first"));
			const values = Array.from({ length: 12 }, (_, i) => bytes(`writer ${i}`));
			const won = await Promise.all(
				values.map((v, i) => (i % 2 ? storage : under.other).putNew("once/y", v)),
			);
			expect(won.filter(Boolean).length).toBe(1);
			expect(await storage.get("once/y")).toEqual(values[won.indexOf(true)]);
			expect(await storage.list("once/")).toEqual(["once/x", "once/y"]);
		});

		test("a reader sees whole files while they are written over", async () => {
			const contents = [0, 1].map((fill) => new Uint8Array(300_000 + fill).fill(fill));
			await storage.put("race", contents[0] as Uint8Array);
			let writing = true;
			const writer = (async () => {
				for (let i = 0; i < 20; i++) await storage.put("race", contents[i % 2] as Uint8Array);
				writing = false;
			})();
			let reads = 0;
			while (writing) {
				const read = await under.other.get("race");
				reads++;
				if (!read || !contents.some((whole) => Buffer.compare(whole, read) === 0)) {
					throw new Error(`a part of ${read?.length} bytes was read`);
				}
			}
			await writer;
			expect(reads).toBeGreaterThan(0);
		});

		test(`lists all of ${MANY} files, in order, and by any prefix`, { timeout: 240_000 }, async () => {
			const keys = Array.from({ length: MANY }, (_, i) => `many/run/${i}.pt`);
			for (let i = 0; i < MANY; i += 50) {
				await Promise.all(keys.slice(i, i + 50).map((key) => storage.put(key, bytes(key))));
			}
			await storage.put("many/running", bytes("x"));
			await storage.put("many/run.txt", bytes("x"));
			expect(await under.other.list("many/run/")).toEqual(keys.toSorted());
			expect((await storage.list("many/run")).length).toBe(MANY + 2);
			expect(await storage.list("many/run/109")).toEqual(
				keys.filter((key) => key.startsWith("many/run/109")).toSorted(),
			);
			expect(await storage.list("many/nothing/")).toEqual([]);
		});

		test.each([
			"",
			"/x",
			"x/",
			"a//b",
			"../x",
			"a/../../x",
			"a/./b",
			"a\\b",
			"a\nb",
			"x".repeat(2000),
			"x.incomplete",
		])("refuses the key %j", async (key) => {
			await expect(storage.put(key, bytes("x"))).rejects.toThrow(TrainError);
			await expect(storage.get(key)).rejects.toThrow(/key .*, allowed are names joined/);
			await expect(storage.exists(key)).rejects.toThrow(TrainError);
		});

		test("does what a map would, whatever the order of calls", async () => {
			let round = 0;
			const key = fc.constantFrom("a", "b/c", "b/d", "bb");
			const call = fc.oneof(
				fc.record({ call: fc.constant("put" as const), key, value: fc.string({ maxLength: 9 }) }),
				fc.record({ call: fc.constant("putNew" as const), key, value: fc.string({ maxLength: 9 }) }),
				fc.record({ call: fc.constantFrom("get" as const, "exists" as const), key }),
				fc.record({ call: fc.constant("list" as const), key: fc.constantFrom("", "b", "b/", "c") }),
			);
			await fc.assert(
				fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
					const root = `model/${round++}/`;
					const model = new Map<string, Uint8Array>();
					for (const step of calls) {
						const at = root + step.key;
						if (step.call === "put") {
							await storage.put(at, bytes(step.value));
							model.set(at, bytes(step.value));
						} else if (step.call === "putNew") {
							expect(await storage.putNew(at, bytes(step.value))).toBe(!model.has(at));
							if (!model.has(at)) model.set(at, bytes(step.value));
						} else if (step.call === "get") expect(await storage.get(at)).toEqual(model.get(at));
						else if (step.call === "exists") expect(await storage.exists(at)).toBe(model.has(at));
						else
							expect(await storage.list(at)).toEqual(
								[...model.keys()].filter((k) => k.startsWith(at)).toSorted(),
							);
					}
				}),
				{ numRuns: runs },
			);
		});
	});
}
