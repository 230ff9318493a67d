import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { PatchResult } from "../../src/cli/actions/patch.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const LLAMA = referencePath("lm", "models", "tiny-llama-induction");
const CLEAN = "when Mary and John went to the store , John gave a ball to";
const CORRUPT = "when Mary and John went to the store , Mary gave a ball to";
const PAIR = ["--clean", CLEAN, "--corrupt", CORRUPT, "--answer", "Mary", "--wrong", "John"];

describe("patch", () => {
	test("gives TransformerLens' metric after every patch, on ids", async () => {
		using folder = new Folder();
		const reference = await referenceTensors("lm", "scores", "tiny-llama-induction", "patching.safetensors");
		const { ioi } = referenceJson<Record<string, { answer: number; wrong: number; clean: number }>>(
			"lm",
			"scores",
			"tiny-llama-induction",
			"patching.json",
		);
		if (!ioi) throw new Error("no pair");
		const files = ["clean", "corrupted"].map((which) => {
			const path = folder.at(`${which}.json`);
			writeFileSync(path, JSON.stringify(reference.get(`pair.ioi.${which}_ids`)?.toNested()));
			return path;
		}) as [string, string];
		const args = ["--clean-ids", files[0], "--corrupt-ids", files[1]];
		const tokens = ["--answer", String(ioi.answer), "--wrong", String(ioi.wrong)];
		for (const [at, key, axes] of [
			["resid-pre", "patch_resid_pre", ["layer", "pos"]],
			["z", "patch_head_out_all_pos", ["layer", "head"]],
			["v", "patch_head_v_all_pos", ["layer", "kv_head"]],
		] as const) {
			const found = await runJson<PatchResult>("patch", LLAMA, ...args, ...tokens, "--at", at);
			expect(found.axes).toEqual(axes);
			expect(found.clean).toBeCloseTo(ioi.clean, 3);
			const expected = reference.get(`pair.ioi.${key}`)?.toNested() as number[][];
			for (const [l, row] of (found.values as number[][]).entries()) {
				for (const [p, value] of row.entries()) {
					expect(Math.abs(value - (expected[l]?.[p] as number))).toBeLessThanOrEqual(1e-3);
					const effect = (value - found.corrupt) / (found.clean - found.corrupt);
					expect((found.effects as number[][])[l]?.[p]).toBeCloseTo(effect, 4);
				}
			}
		}
	});

	test("texts give a table and a figure; heads at positions a panel for each layer", async () => {
		using folder = new Folder();
		const out = folder.at("patch.svg");
		const { stdout, code } = await runCli("patch", LLAMA, ...PAIR, "--top", "2", "--out", out);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^ +0 +9 +"John" for "Mary" +1\.000 /m);
		expect(readFileSync(out, "utf8")).toContain("Patching resid_pre");
		const heads = ["--at", "z", "--by", "position", "--positions", "9,-1", "--layers", "-1"];
		const found = await runJson<PatchResult>("patch", LLAMA, ...PAIR, ...heads, "--out", out);
		expect(found).toMatchObject({ axes: ["layer", "pos", "head"], layers: [1], positions: [9, 13] });
		expect(readFileSync(out, "utf8")).toContain("Layer 1");
	});

	test("the same prompt twice has values and no effects", async () => {
		const same = ["--clean", CLEAN, "--corrupt", CLEAN, "--answer", "Mary", "--wrong", "John"];
		const found = await runJson<PatchResult>("patch", LLAMA, ...same, "--at", "z");
		for (const value of (found.values as number[][]).flat()) expect(value).toBeCloseTo(found.clean, 4);
		expect((found.effects as (number | null)[][]).flat().every((effect) => effect === null)).toBe(true);
	});

	test.each([
		[["--at", "residual"], /--at: no point "residual"; nearest: /],
		[["--layers", "2"], /^headscope: --layers: got 2, allowed -2\.\.1/],
		[["--positions", "0,14"], /^headscope: --positions: got 14, allowed -14\.\.13/],
		[["--positions", "x"], /--positions: got "x", allowed whole numbers/],
		[["--positions", "1", "--by", "all"], /--positions goes with --by position/],
		[["--wrong", "Mary"], /answer and wrong answer are the same token/],
		[["--answer", "the store"], /^headscope: --answer: "the store" is 2 tokens/],
		[
			["--corrupt", "when Mary and John went to the store , Mary gave a ball"],
			/^headscope: --clean: 14 tokens, but the corrupted prompt has 13.* from position 6 on: clean "the" .*"ball" "to", corrupt "the" .*"ball" ·$/,
		],
	])("%j is refused with a line that says why", async (args, why) => {
		const { code, stdout, stderr } = await runCli("patch", LLAMA, ...PAIR, ...args);
		expect(stderr.trimEnd()).toMatch(why);
		expect(stderr.trimEnd().split("\n").length).toBe(1);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
	});
});

describe("patch of a regression run", () => {
	const FEW = ["--samples", "32"];

	test("brings the clean targets back: which checkpoint, which rows, and the same form as of prompts", async () => {
		const found = await runJson<PatchResult>("patch", "M=64@5125", ...FEW);
		expect(found).toMatchObject({
			model: "M=64@5125",
			run: { step: 5125, corruption: "tasks", seed: 0 },
			metric: "pretrain/token/7",
			at: "resid_pre",
			rows: 32,
			axes: ["layer", "pos"],
			layers: [0, 1],
			positions: Array.from({ length: 16 }, (_, p) => p),
		});
		expect(found.run?.name).toContain("M-64");
		expect(found.tokens.clean.slice(0, 3)).toEqual(["x0", "y0", "x1"]);
		expect(found.corrupt).toBeGreaterThan(2 * found.clean);
		const values = found.values as number[][];
		for (const [l, row] of (found.effects as number[][]).entries())
			for (const [p, effect] of row.entries())
				expect(effect).toBeCloseTo(
					((values[l]?.[p] as number) - found.corrupt) / (found.clean - found.corrupt),
					4,
				);
		const all = await runJson<PatchResult>("patch", "M=64@5125", ...FEW, "--by", "all");
		for (const effect of all.effects as number[]) expect(effect).toBeCloseTo(1, 4);
	});

	test("other metrics, corruptions, seeds and points, as a table and a figure", async () => {
		using folder = new Folder();
		const out = folder.at("patch.svg");
		const args = ["M=64", ...FEW, "--metric", "true/mse", "--corrupt", "labels", "--seed", "3"];
		const { stdout, code } = await runCli("patch", ...args, "--at", "pattern", "--top", "2", "--out", out);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^true\/mse of M=64, step 49999: clean [\d.]+, corrupted [\d.]+$/m);
		expect(stdout).toContain("the first 32 sequences of the run's evaluator");
		expect(stdout).toContain("with each y that of another example of the row, seed 3");
		expect(stdout).toMatch(/LAYER +HEAD +EFFECT +METRIC/);
		expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
		expect(readFileSync(out, "utf8")).toContain("Patching pattern of M=64, step 49999");
		const other = await runJson<PatchResult>("patch", ...args.slice(0, -1), "4", "--at", "z");
		const same = await runJson<PatchResult>("patch", ...args, "--at", "z");
		expect([other.run?.seed, other.run?.corruption]).toEqual([4, "labels"]);
		expect(other.clean).toBe(same.clean);
		expect(other.corrupt).not.toBe(same.corrupt);
	});

	test.each([
		[["--clean", "red"], /^--clean goes with language models; M=64 is a run, whose clean rows are/],
		[["--answer", "1"], /^--answer goes with language models/],
		[["--no-bos"], /^--bos goes with language models/],
		[["--corrupt", "noise"], /^--corrupt: got "noise", allowed for a run tasks, labels$/],
		[["--samples", "9999"], /samples 9999, allowed 1\.\.2048, the evaluator's sequences/],
		[
			["--metric", "loss"],
			/metric: loss: allowed are metrics of the run's evaluator, such as mse or token\/7/,
		],
		[["--metric", "token/8"], /no example 8, allowed 0\.\.7/],
		[["--offline"], /^--offline is about models of the hub; M=64 is a run/],
	])("%j is refused with a line that says why", async (args, why) => {
		const { code, stdout, stderr } = await runCli("patch", "M=64", ...args);
		expect(stderr.trimEnd().replace(/^headscope: /, "")).toMatch(why);
		expect(stderr.trimEnd().split("\n").length).toBe(1);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
	});

	test("a run of one task says what can be corrupted; options of runs are refused for language models", async () => {
		const one = await runCli("patch", "M=1");
		expect(one.stderr).toContain("corrupt: tasks: one task has 256 of the 256 rows");
		const model = await runCli("patch", LLAMA, ...PAIR, "--samples", "3");
		expect(model.stderr).toContain("--samples is about regression runs");
		expect([one.code, model.code]).toEqual([2, 2]);
	});
});

test("generate says that it takes language models", async () => {
	const { code, stderr } = await runCli("generate", "M=64", "--text", "red");
	expect(stderr).toContain("generate takes language models, and M=64 is a run of in-context regression");
	expect(stderr).toContain("ablate, patch, attribute, lens");
	expect(code).toBe(2);
});
