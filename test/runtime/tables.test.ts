import { expect, test } from "vitest";
import type { Program } from "../../src/onnx/compile.js";
import { BoundedMap } from "../../src/runtime/bounded-map.js";
import { Serial } from "../../src/runtime/serial.js";
import { ProgramTable, UnknownProgramError } from "../../src/runtime/worker-engine.js";

test("a bounded map forgets what was used longest ago, and keeps the newest whatever its size", () => {
	const map = new BoundedMap<string, number>(10);
	map.set("a", 1, 4);
	map.set("b", 2, 4);
	expect(map.get("a")).toBe(1);
	map.set("c", 3, 4);
	expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
	map.set("a", 4, 1);
	map.set("d", 5, 5);
	expect(map.size).toBe(3);
	map.set("e", 6, 99);
	expect([map.size, map.get("e")]).toEqual([1, 6]);
});

test("a program that the thread has forgotten is asked for again", () => {
	const program = (key: string): Program => ({
		key,
		onnx: new Uint8Array(60),
		feeds: [],
		weights: [],
		outputs: [],
	});
	const weights = [{ name: "w", dtype: "float32" as const, shape: [2], weight: "layer 0" }];
	const table = new ProgramTable(100);
	expect(table.resolve({ id: 0, program: program("a"), weights: [] }).key).toBe("a");
	// another layer's weights may be meant by the same program
	expect(table.resolve({ id: 0, weights })).toEqual({ ...program("a"), weights });
	table.resolve({ id: 1, program: program("b"), weights: [] });
	expect(() => table.resolve({ id: 0, weights: [] })).toThrow(UnknownProgramError);
	expect(table.resolve({ id: 1, weights: [] }).key).toBe("b");
});

test("tasks run one after another, a failed one stops nobody, and events come in between", async () => {
	const log: string[] = [];
	const serial = new Serial(async () => void log.push("turn"));
	const task = (name: string) => async (): Promise<string> => {
		log.push(`${name} starts`);
		await Promise.resolve();
		log.push(`${name} ends`);
		if (name === "b") throw new Error("b fails");
		return name;
	};
	const results = await Promise.allSettled(["a", "b", "c"].map((name) => serial.run(task(name))));
	expect(results.map((r) => r.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
	expect(log).toEqual(["a starts", "a ends", "turn", "b starts", "b ends", "turn", "c starts", "c ends"]);
	log.length = 0;
	await serial.run(task("d"));
	expect(log).toEqual(["d starts", "d ends"]);
});

test("an urgent task goes before those that wait, also one that arrives between two tasks", async () => {
	const log: string[] = [];
	const task = (name: string) => async (): Promise<void> => void log.push(name);
	let late: Promise<void> | undefined;
	const serial = new Serial(async () => {
		late ??= serial.run(task("late"), true);
	});
	const usual = ["a", "b", "c"].map((name) => serial.run(task(name)));
	await Promise.all([...usual, serial.run(task("soon"), true)]);
	await late;
	expect(log).toEqual(["a", "soon", "late", "b", "c"]);
});
