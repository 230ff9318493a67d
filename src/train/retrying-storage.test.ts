import { expect, test } from "vitest";
import { RetryingStorage, StorageAwayError } from "./retrying-storage.js";
import type { Storage } from "./storage.js";

/** A storage whose first `failures` requests fail. */
function failing(failures: number, details: object = {}): { storage: Storage; calls(): number } {
	let calls = 0;
	const answer = async <T>(value: T): Promise<T> => {
		if (calls++ < failures) throw Object.assign(new Error("no route to host"), details);
		return value;
	};
	const storage: Storage = {
		name: "far",
		put: () => answer(undefined),
		putNew: () => answer(true),
		get: () => answer(Uint8Array.of(1)),
		exists: () => answer(true),
		list: () => answer(["a"]),
	};
	return { storage, calls: () => calls };
}

test("a request that fails is tried again, each of a storage's", async () => {
	const ask: ((storage: Storage) => Promise<unknown>)[] = [
		(storage) => storage.put("a", Uint8Array.of(1)),
		(storage) => storage.putNew("a", Uint8Array.of(1)),
		(storage) => storage.get("a"),
		(storage) => storage.exists("a"),
		(storage) => storage.list(""),
	];
	for (const request of ask) {
		const [away, there] = [failing(2), failing(0)];
		expect(await request(new RetryingStorage(away.storage, [1, 1]))).toEqual(await request(there.storage));
		expect(away.calls()).toBe(3);
	}
});

test("a storage that stays away is told, and how often it was asked", async () => {
	const { storage, calls } = failing(9);
	const asked = new RetryingStorage(storage, [1, 1]).get("a");
	await expect(asked).rejects.toThrow(StorageAwayError);
	await expect(asked).rejects.toThrow("no route to host (tried 3 times)");
	expect(calls()).toBe(3);
});

test.each([
	["a full disk", { code: "ENOSPC" }, 1],
	["wrong keys of a bucket", { $metadata: { httpStatusCode: 403 } }, 1],
	["a bucket that has too much to do", { $metadata: { httpStatusCode: 503 } }, 3],
	["a bucket that asks for a pause", { $metadata: { httpStatusCode: 429 } }, 3],
])("%s is asked as often as may help", async (_, details, tries) => {
	const { storage, calls } = failing(9, details);
	await expect(new RetryingStorage(storage, [1, 1]).get("a")).rejects.toThrow("no route to host");
	expect(calls()).toBe(tries);
});
