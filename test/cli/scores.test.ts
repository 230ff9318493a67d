import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { InductionResult } from "../../src/cli/actions/induction.js";
import type { ScoresResult } from "../../src/cli/actions/scores.js";
import { referencePath } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

describe("induction", () => {
	test("ranks the demo's heads, and prints the same as a table within 80 columns and as JSON", async () => {
		const json = await runJson<InductionResult>("induction", "--samples", "10");
		expect(json).toMatchObject({
			model: "demo",
			architecture: "gpt2",
			nLayers: 2,
			nHeads: 4,
			samples: 10,
			seed: 0,
		});
		expect(json.score).toBe("induction-repeat");
		expect(json.ranking.length).toBe(8);
		for (const { head, score, control, lift, low, high } of json.ranking) {
			const [layer = 0, index = 0] = head.split(".").map(Number);
			expect(score).toBe(json.values[layer]?.[index]);
			expect(control).toBe(json.control[layer]?.[index]);
			expect(lift).toBeCloseTo(score - (control as number), 5);
			expect(low).toBeLessThanOrEqual(lift as number);
			expect(high).toBeGreaterThanOrEqual(lift as number);
		}
		const { stdout } = await runCli("induction", "--samples", "10", "--top", "3");
		const lines = stdout.split("\n");
		expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
		const heads = lines.map((line) => /^ *(\d+\.\d+) /.exec(line)?.[1]).filter((head) => head !== undefined);
		expect(heads).toEqual(json.ranking.slice(0, 3).map(({ head }) => head));
		expect(stdout).toContain("4 of 8 heads stand above their control");
		expect(stdout).toContain("without BOS");
	});

	test("says so where no head stands above its control", async () => {
		const { stdout, code } = await runCli(
			"induction",
			referencePath("lm", "models", "stories260k"),
			"--samples",
			"20",
		);
		expect(code).toBe(0);
		expect(stdout).toContain("No head stands above its control");
	});

	test("ranks by what is asked for, and on a text", async () => {
		using folder = new Folder();
		const text = folder.at("text.txt");
		writeFileSync(text, Array(20).fill("red fox moon bread king").join(" "));
		const json = await runJson<InductionResult>(
			"induction",
			"--text",
			text,
			"--rank-by",
			"prefix-matching",
			"--n",
			"8",
		);
		expect(json.score).toBe("prefix-matching");
		expect(json.samples).toBe(6);
	});

	test("writes every figure twice, and the page", async () => {
		using folder = new Folder();
		await runCli("induction", "--samples", "4", "--top", "2", "--out", folder.at("figures"));
		const names = ["head-1.1", "head-1.3", "patterns", "ranking", "scores"];
		const found = readdirSync(folder.at("figures"));
		expect(found.filter((name) => !name.startsWith("head-1."))).toEqual(
			["induction.html", ...names.slice(2).flatMap((name) => [`${name}.png`, `${name}.svg`])].sort(),
		);
		expect(found.filter((name) => name.startsWith("head-1.")).length).toBe(4);
		const page = readFileSync(folder.at("figures", "induction.html"), "utf8");
		expect(page).toContain("Ranked by the lift of induction-repeat");
	});
});

describe("scores", () => {
	test("scores exactly the given tokens, without what is masked", async () => {
		using folder = new Folder();
		const [ids, padded, mask] = [folder.at("ids.json"), folder.at("padded.json"), folder.at("mask.json")];
		writeFileSync(ids, JSON.stringify([[20, 30, 40, 20, 30, 40]]));
		writeFileSync(padded, JSON.stringify([[0, 0, 20, 30, 40, 20, 30, 40]]));
		writeFileSync(mask, JSON.stringify([[0, 0, 1, 1, 1, 1, 1, 1]]));
		const names = ["--score", "induction-repeat", "entropy,distance"];
		const plain = await runJson<ScoresResult>("scores", "demo", ...names, "--ids", ids);
		const masked = await runJson<ScoresResult>("scores", "demo", ...names, "--ids", padded, "--mask", mask);
		expect(Object.keys(plain.scores)).toEqual(["induction-repeat", "entropy", "distance"]);
		expect(plain.scores.entropy).not.toHaveProperty("control");
		for (const [name, { values, baseline }] of Object.entries(plain.scores)) {
			expect(masked.scores[name]?.baseline).toBe(baseline);
			for (const [l, row] of values.entries()) {
				for (const [h, value] of row.entries()) {
					expect(masked.scores[name]?.values[l]?.[h]).toBeCloseTo(value, 5);
				}
			}
		}
	});

	test.each([
		[["scores", "demo"], /required option '--score <names...>'/],
		[["scores", "demo", "--score", "inducton"], /no score "inducton", allowed: induction, /],
		[["scores", "demo", "--score", "entropy:x"], /entropy: no mode "x", it has none/],
		[["scores", "demo", "--score", "entropy", "--mask", "m.json"], /--mask goes with --ids/],
		[["scores", "demo", "--score", "entropy", "--ids", "i.json", "--n", "3"], /--n makes samples/],
		[["induction", "--n", "20"], /n: 20 for repeat samples, allowed 1\.\.16 \(context 32/],
		[["induction", "--rank-by", "entropy"], /--rank-by: got "entropy", allowed: induction, /],
		[["induction", "--text", "/nowhere.txt"], /nowhere\.txt: cannot be read: there is no such file/],
		[["induction", "--text", "/dev/null"], /^headscope: --text \/dev\/null: the file is empty$/m],
	])("%j is a usage error", async (argv, message) => {
		const { code, stdout, stderr } = await runCli(...argv);
		expect(stderr).toMatch(message);
		expect(stderr.trim().split("\n").length).toBe(1);
		expect([code, stdout]).toEqual([2, ""]);
	});
});
