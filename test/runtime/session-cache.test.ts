import fc from "fast-check";
import { expect, test } from "vitest";
import { SessionCache } from "../../src/runtime/session-cache.js";

/** A stand-in that knows whether it was disposed of: the real one cannot be asked. */
class Session {
	released = 0;
	async release(): Promise<void> {
		this.released++;
	}
}

function latch(): { promise: Promise<void>; open: () => void } {
	let open = (): void => {};
	const promise = new Promise<void>((resolve) => {
		open = resolve;
	});
	return { promise, open };
}

test("the session least recently used goes first, as soon as the bound is passed", async () => {
	const cache = new SessionCache<Session>(10);
	const made: Session[] = [];
	const lend = (key: string): Promise<Session> =>
		cache.lend(
			key,
			4,
			async () => {
				made.push(new Session());
				return made.at(-1) as Session;
			},
			async (session) => session,
		);
	const [a, b] = [await lend("a"), await lend("b")];
	expect(await lend("a")).toBe(a);
	const c = await lend("c");
	expect([a, b, c].map((s) => s.released)).toEqual([0, 1, 0]);
	expect(await lend("b")).not.toBe(b);
	expect(a.released).toBe(1);
	await cache.clear();
	expect(made.map((s) => s.released)).toEqual([1, 1, 1, 1]);
	expect(cache.size).toBe(0);
});

test("a session that is used is disposed of by neither the bound nor clear, only when its user is done", async () => {
	const cache = new SessionCache<Session>(0);
	const session = new Session();
	const { promise, open } = latch();
	const running = cache.lend(
		"a",
		1,
		async () => session,
		async () => promise,
	);
	await cache.lend(
		"b",
		1,
		async () => new Session(),
		async () => {},
	);
	await cache.clear();
	expect(session.released).toBe(0);
	open();
	await running;
	expect(session.released).toBe(1);
});

test("two that ask at once share one session", async () => {
	const cache = new SessionCache<Session>(100);
	let made = 0;
	const make = async (): Promise<Session> => {
		made++;
		return new Session();
	};
	const got = await Promise.all([1, 2, 3].map(() => cache.lend("a", 1, make, async (s) => s)));
	expect(made).toBe(1);
	expect(new Set(got).size).toBe(1);
});

test("a session that could not be made is forgotten, with its bytes", async () => {
	const cache = new SessionCache<Session>(10);
	const fail = async (): Promise<Session> => {
		throw new Error("no room");
	};
	const both = [1, 2].map(() => cache.lend("a", 8, fail, async () => {}));
	expect((await Promise.allSettled(both)).map((r) => r.status)).toEqual(["rejected", "rejected"]);
	expect(cache.size).toBe(0);
	const session = new Session();
	await cache.lend(
		"a",
		8,
		async () => session,
		async () => {},
	);
	expect(session.released).toBe(0);
});

test("a use that throws leaves the session as good as before", async () => {
	const cache = new SessionCache<Session>(10);
	const session = new Session();
	const make = async (): Promise<Session> => session;
	await expect(cache.lend("a", 1, make, () => Promise.reject(new Error("bad run")))).rejects.toThrow(
		"bad run",
	);
	expect(await cache.lend("a", 1, make, async (s) => s)).toBe(session);
	expect(session.released).toBe(0);
});

test("whatever the order of uses: none is used after its disposal, and in the end all are disposed of once", async () => {
	const use = fc.record({
		key: fc.constantFrom("a", "b", "c", "d"),
		turns: fc.nat({ max: 3 }),
		fails: fc.boolean(),
	});
	await fc.assert(
		fc.asyncProperty(fc.array(use, { maxLength: 20 }), fc.nat({ max: 8 }), async (uses, limit) => {
			const cache = new SessionCache<Session>(limit);
			const made: Session[] = [];
			const tasks = uses.map(({ key, turns, fails }) =>
				cache.lend(
					key,
					2,
					async () => {
						made.push(new Session());
						return made.at(-1) as Session;
					},
					async (session) => {
						for (let i = 0; i < turns; i++) await Promise.resolve();
						expect(session.released).toBe(0);
						if (fails) throw new Error("fails");
					},
				),
			);
			for (const [i, result] of (await Promise.allSettled(tasks)).entries()) {
				expect(result.status === "rejected" ? String(result.reason) : "").toBe(
					uses[i]?.fails ? "Error: fails" : "",
				);
			}
			expect(2 * cache.size).toBeLessThanOrEqual(Math.max(limit, 0));
			await cache.clear();
			expect(made.every((s) => s.released === 1)).toBe(true);
		}),
	);
});
