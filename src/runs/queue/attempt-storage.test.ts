import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LocalStorage } from "../../train/node.js";
import { AttemptStorage } from "./attempt-storage.js";

const root = await mkdtemp(join(tmpdir(), "headscope-attempts-"));
afterAll(() => rm(root, { recursive: true }));
let folders = 0;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined): string | undefined => found && new TextDecoder().decode(found);
const rows = (...steps: number[]): Uint8Array => bytes(steps.map((step) => `{"step":${step}}\n`).join(""));
const pass = async (): Promise<void> => {};

function place(): {
	inner: LocalStorage;
	attempt(name: string, check?: () => Promise<void>): AttemptStorage;
} {
	const inner = new LocalStorage(join(root, String(folders++)));
	return { inner, attempt: (name, check = pass) => new AttemptStorage(inner, "icl/run", name, check) };
}

test("a checkpoint is never replaced", async () => {
	const { inner, attempt } = place();
	await attempt("1").put("checkpoints/icl/run/9.safetensors", bytes("first"));
	await attempt("2").put("checkpoints/icl/run/9.safetensors", bytes("second"));
	expect(text(await inner.get("checkpoints/icl/run/9.safetensors"))).toBe("first");
});

test("logs of attempts are read as one, whoever wrote last", async () => {
	const { inner, attempt } = place();
	const log = "checkpoints/icl/run/loss.jsonl";
	const [old, young] = [attempt("1"), attempt("2")];
	expect(await old.get(log)).toBeUndefined();
	await old.put(log, rows(0, 100));
	await young.put(log, rows(0, 100, 200, 300));
	// the first wakes up and writes what it knew
	await old.put(log, rows(0, 100, 150));
	expect(text(await young.get(log))).toBe(text(rows(0, 100, 150, 200, 300)));
	expect(await inner.get(log)).toBeUndefined();
	await young.publishing().put(log, (await young.get(log)) ?? bytes(""));
	expect(text(await inner.get(log))).toBe(text(rows(0, 100, 150, 200, 300)));
});

test("a run that was begun without a queue keeps its rows", async () => {
	const { inner, attempt } = place();
	await inner.put("checkpoints/icl/run/loss.jsonl", rows(0, 100));
	await attempt("1").put("checkpoints/icl/run/loss.jsonl", rows(0, 100, 200));
	expect(text(await attempt("2").get("checkpoints/icl/run/loss.jsonl"))).toBe(text(rows(0, 100, 200)));
});

test("what was replaced writes nothing; what froze between check and write changes nothing", async () => {
	const { inner, attempt } = place();
	const replaced = attempt("1", async () => {
		throw new Error("replaced");
	});
	const result = "checkpoints/icl/run/result.json";
	await expect(replaced.put("checkpoints/icl/run/9.safetensors", bytes("x"))).rejects.toThrow("replaced");
	await expect(replaced.putNew(result, bytes("x"))).rejects.toThrow("replaced");
	await expect(replaced.publishing().put("checkpoints/icl/run/loss.csv", bytes("x"))).rejects.toThrow(
		"replaced",
	);
	expect(await inner.list("")).toEqual([]);

	let wake = (): void => {};
	const frozen = attempt("1", () => new Promise((resolve) => (wake = resolve)));
	const late = frozen.putNew(result, bytes("late"));
	expect(await attempt("2").putNew(result, bytes("in time"))).toBe(true);
	wake();
	expect(await late).toBe(false);
	expect(text(await inner.get(result))).toBe("in time");
});
