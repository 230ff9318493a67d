import { availableParallelism } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { defaultThreads } from "../../src/runtime/ort-node.js";

afterEach(() => void vi.unstubAllEnvs());

test("an engine takes the cores, at most 8, or what HEADSCOPE_THREADS says", () => {
	vi.stubEnv("HEADSCOPE_THREADS", undefined);
	expect(defaultThreads()).toBe(Math.min(8, availableParallelism()));
	vi.stubEnv("HEADSCOPE_THREADS", "3");
	expect(defaultThreads()).toBe(3);
});

test.each(["0", "-1", "two", "1.5", ""])("HEADSCOPE_THREADS of %j is refused", (text) => {
	vi.stubEnv("HEADSCOPE_THREADS", text);
	expect(defaultThreads).toThrow(`HEADSCOPE_THREADS is "${text}", allowed 1 to 999`);
});
