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

test.each([
	["patch", [...PAIR]],
	["attribute", [...PAIR]],
	["generate", ["--text", "red"]],
])("%s says that it takes language models", async (command, args) => {
	const { code, stderr } = await runCli(command, "M=64", ...args);
	expect(stderr).toContain(`${command} takes language models, and M=64 is a run of in-context regression`);
	expect(code).toBe(2);
});
