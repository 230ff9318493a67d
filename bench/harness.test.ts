import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Bench, BenchCase } from "./bench.js";
import { BENCHES } from "./benches.js";
import { withResult } from "./document.js";
import { runBench } from "./harness.js";
import { printJson, printTable } from "./report.js";
import { median, rowsOf } from "./rows.js";
import type { SideSpec } from "./side.js";

/** A real process that speaks the protocol: it sleeps, and reports when it worked as its output. */
function sleeper(name: string, milliseconds: number, sample = [1, 2], idle = ""): SideSpec {
	const program = `
		const answer = (message) => console.log(JSON.stringify(message));
		answer({ versions: { sleeper: "1" } });
		${idle}
		for await (const line of (await import("node:readline")).createInterface({ input: process.stdin })) {
			const { do: what, params } = JSON.parse(line);
			if (what === "end") process.exit(0);
			if (params?.fail) { console.error("out of sheep"); process.exit(3); }
			if (params?.refuse) answer({ error: "no such case" });
			else if (what === "prepare") answer({ sample: ${JSON.stringify(sample)} });
			else if (what === "peak") answer({ bytes: ${milliseconds} * 1e6 });
			else setTimeout(() => answer({ ms: ${milliseconds} }), ${milliseconds});
		}`;
	return {
		name,
		command: async () => ({ file: process.execPath, args: ["--input-type=module", "-e", program] }),
	};
}

const time: BenchCase = { name: "sleep", params: {}, measure: "time", goal: { ratio: 0.5 } };
const bench: Bench = {
	name: "sleep",
	about: "",
	ours: sleeper("ours", 4),
	rivals: [sleeper("slow", 20), sleeper("quick", 10)],
	cases: [time, { name: "memory", params: {}, measure: "memory", budgets: [{ name: "bed", value: 8 }] }],
	tolerance: 0,
};
const options = { rounds: 5, seconds: 0, threads: 1, log: () => {} };

describe("rows", () => {
	test("take medians, pair the rounds for the ratio's spread, and judge by the best rival", () => {
		const rivals = new Map([
			["slow", [20, 30, 100]],
			["quick", [10, 8, 20]],
		]);
		const [slow, quick] = rowsOf(time, { ours: [4, 6, 5], rivals });
		expect(slow).toMatchObject({ rivalName: "slow", rival: 30, ours: 5, goal: null, rounds: 3 });
		expect(quick).toMatchObject({ rival: 10, ratio: 0.5, goal: 0.5 });
		expect(quick?.spread).toEqual({ ours: [4, 6], rival: [8, 20], ratio: [0.25, 0.75] });
	});
	test("judge only by the rivals that a goal names, and by budgets", () => {
		const rivals = new Map([
			["slow", [20]],
			["quick", [10]],
		]);
		const against = (names: string[]): (string | undefined)[] =>
			rowsOf(
				{ ...time, budgets: [{ name: "second", value: 1000 }], goal: { ratio: 1, against: names } },
				{ ours: [4], rivals },
			)
				.filter((row) => row.goal !== null)
				.map((row) => row.rivalName);
		expect(against(["slow"])).toEqual(["slow"]);
		expect(against(["second"])).toEqual(["second"]);
		expect(against(["absent"])).toEqual([]);
	});
	test("an even number of rounds has the mean of the middle two as its median", () => {
		expect(median([9, 1, 5, 3])).toBe(4);
	});
});

describe("runBench", () => {
	test("times sides in processes, weighs them, and prints both forms", async () => {
		const result = await runBench(bench, options);
		expect(result.rows.map((row) => [row.case, row.rivalName, row.ours, row.rival, row.goal])).toEqual([
			["sleep", "slow", 4, 20, null],
			["sleep", "quick", 4, 10, 0.5],
			["memory", "slow", 4, 20, null],
			["memory", "quick", 4, 10, null],
			["memory", "bed", 4, 8, null],
		]);
		expect(result.rows[0]?.rounds).toBe(5);
		expect(JSON.parse(printJson(result)).rows).toEqual(result.rows);
		expect(printTable(result)).toMatch(/quick +10\.0 ms +0\.40 +<= 0\.5 met/);
	});
	// Needs /proc, as the counts do.
	test.skipIf(process.platform !== "linux")(
		"reports a side that keeps busy while others are timed",
		async () => {
			const spin = "setInterval(() => { const end = Date.now() + 9; while (Date.now() < end); }, 10);";
			const rivals = [sleeper("quiet", 50), sleeper("busy", 50, [1, 2], spin)];
			const { sides } = await runBench({ ...bench, rivals, cases: [time] }, options);
			const [, quiet, busy] = sides.map((side) => side.idleCpu ?? Number.NaN);
			expect(quiet).toBeLessThan(0.1);
			expect(busy).toBeGreaterThan(0.2);
		},
	);
	test("leaves our side out when asked", async () => {
		const { rows } = await runBench({ ...bench, cases: [time] }, { ...options, sides: ["quick"] });
		expect(rows).toMatchObject([{ ours: null, ratio: null, rival: 10 }]);
	});
	test("refuses sides that disagree, fail, refuse, or cannot be started", async () => {
		const run = (changed: Partial<Bench>): Promise<unknown> => runBench({ ...bench, ...changed }, options);
		await expect(run({ ours: sleeper("ours", 1, [1, 2.5]) })).rejects.toThrow("slow and ours differ by 0.5");
		await expect(run({ ours: sleeper("ours", 1, [1]) })).rejects.toThrow("differ");
		await expect(run({ cases: [{ ...time, params: { fail: 1 } }] })).rejects.toThrow(
			/ours ended.*\nout of sheep/,
		);
		await expect(run({ cases: [{ ...time, params: { refuse: 1 } }] })).rejects.toThrow("ours: no such case");
		const absent: SideSpec = { name: "absent", command: async () => ({ file: "no-such-program", args: [] }) };
		await expect(run({ ours: absent })).rejects.toThrow("ENOENT");
		await expect(runBench(bench, { ...options, cases: "wake" })).rejects.toThrow("cases: sleep, memory");
		await expect(runBench(bench, { ...options, sides: ["hf"] })).rejects.toThrow("sides: ours, slow, quick");
	});
});

describe("a document's tables", () => {
	test("are replaced by what was measured, and nothing else is", async () => {
		const result = await runBench(bench, options);
		const text = "# Speed\n\n<!-- bench: sleep -->\n\nold\n\n<!-- /bench -->\n\nwords\n";
		const once = withResult(text, result, "speed.md");
		expect(once).toContain("| case | headscope | / slow | / quick | / bed | goal |");
		expect(once).toMatch(/\| sleep \| 4\.00 ms \| 0\.20 \| 0\.40 \| +\| <= 0\.5 met \(quick\) \|/);
		expect(once).toMatch(/^# Speed\n\n<!-- bench: sleep -->.*<!-- \/bench -->\n\nwords\n$/s);
		expect(once).not.toContain("old");
		expect(withResult(once, result, "speed.md")).toBe(once);
		expect(() => withResult("# Speed\n", result, "speed.md")).toThrow(
			"speed.md: no lines <!-- bench: sleep -->",
		);
	});
	test("have a place for each bench", () => {
		const text = readFileSync("docs/performance.md", "utf8");
		for (const { name } of BENCHES) expect(text).toContain(`<!-- bench: ${name} -->`);
	});
});
