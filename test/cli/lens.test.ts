/** `headscope lens`: the logit lens and direct logit attribution, of language models and of regression runs. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DirectResult, LensResult } from "../../src/cli/output/lens-result.js";
import { referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const text = "red fox moon bread king red fox moon bread";
type Lens = LensResult & { out: string | null };

describe("of a language model", () => {
	test("says the same as a table and as JSON", async () => {
		const json = await runJson<Lens>(
			"lens",
			"--text",
			text,
			"--answer",
			"king",
			"--wrong",
			"red",
			"--top",
			"3",
		);
		expect(json.labels).toEqual(["0_pre", "1_pre", "final_post"]);
		expect(json.positions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
		expect(json.answer?.token).toBe("king");
		const last = json.top?.at(-1)?.at(-1) ?? [];
		expect(last).toHaveLength(3);
		expect(last[0]).toMatchObject({ token: "king", probability: json.answer?.probabilities.at(-1)?.at(-1) });
		expect(last[0]?.probability).toBeGreaterThan(0.9);
		expect(json.answer?.ranks.at(-1)?.at(-1)).toBe(0);
		expect(json.wrong?.ranks.at(-1)?.at(-1)).toBeGreaterThan(0);
		expect(json.out).toBeNull();
		const table = await runCli("lens", "--text", text, "--positions", "-1", "--answer", "king", "--top", "3");
		const line = table.stdout.split("\n").find((row) => row.startsWith("final_post")) as string;
		expect(line).toMatch(/^final_post +97% +0 +king 97%/);
		const grid = await runCli("lens", "--text", text);
		expect(grid.stdout).toContain("8 bread");
		expect(grid.stdout).toMatch(/final_post .*king 97/);
	});

	test("takes ids, with padding, and the answer's id; numbers are the reference's", async () => {
		using folder = new Folder();
		const tensors = await referenceTensors("lm", "scores", "tiny-gpt2-induction", "patching.safetensors");
		const ids = tensors.get("pair.ioi.clean_ids")?.toNested() as number[][];
		const row = ids[0] as number[];
		const [file, mask] = [folder.at("ids.json"), folder.at("mask.json")];
		writeFileSync(file, JSON.stringify([row.slice(0, 3), [0, ...row]]));
		writeFileSync(
			mask,
			JSON.stringify([
				[1, 1, 1],
				[0, ...row.map(() => 1)],
			]),
		);
		const model = referencePath("lm", "models", "tiny-gpt2-induction");
		const read = await referenceTensors("lm", "scores", "tiny-gpt2-induction", "lens.safetensors");
		const given = ["--ids", file, "--mask", mask, "--row", "1", "--answer", "45", "--wrong", "46"];
		const json = await runJson<Lens>("lens", model, ...given);
		expect(json.tokens).toHaveLength(row.length);
		const expected = read.get("pair.ioi.lens_answer_logits");
		for (const [p, logits] of (json.answer?.logits ?? []).entries()) {
			for (const [i, logit] of logits.entries()) {
				expect(Math.abs(logit - (expected?.at(p, i, 0) as number))).toBeLessThanOrEqual(1e-3);
			}
		}
		const direct = await runJson<DirectResult>("lens", model, ...given, "--direct", "head");
		const heads = direct.parts.filter(({ kind }) => kind === "head").map(({ values }) => values[0] as number);
		for (const [i, value] of (read.get("pair.ioi.dla_heads")?.data ?? []).entries()) {
			expect(Math.abs((heads[i] as number) - Number(value))).toBeLessThanOrEqual(1e-3);
		}
		const sum = direct.parts.reduce((all, { values }) => all + (values[0] as number), 0);
		expect(sum).toBeCloseTo(direct.total[0] as number, 3);
	});

	test("--direct lists the parts that add most, and folds the others", async () => {
		const { stdout } = await runCli("lens", "--text", text, "--answer", "king", "--direct", "--top", "2");
		expect(stdout).toContain("What each component of demo adds to the logit of king");
		expect(stdout).toMatch(/\n1_attn_out +\+\d/);
		expect(stdout).toMatch(/\n5 others +/);
		expect(stdout).toMatch(/\ntotal +\+\d/);
		expect(stdout).not.toContain("remainder");
	});

	test.each([
		["lens.svg", []],
		["direct.svg", ["--direct"]],
		["heads.svg", ["--direct", "head"]],
		["neurons.svg", ["--direct", "neuron", "--positions", "0:4"]],
		["lens.png", ["--at", "resid-pre,attn_out"]],
	])("draws %s", async (name, more) => {
		using folder = new Folder();
		const out = folder.at("new", name);
		const { code, stdout } = await runCli("lens", "--text", text, "--answer", "king", "--out", out, ...more);
		expect(code).toBe(0);
		expect(stdout).toContain(`Wrote ${out}`);
		const bytes = readFileSync(out);
		if (name.endsWith(".png")) expect(bytes.subarray(1, 4).toString()).toBe("PNG");
		else expect(bytes.toString()).toContain("<svg");
	});
});

describe("of a regression run", () => {
	test("predictions of each y beside it, and their parts", async () => {
		const json = await runJson<Lens>("lens", "M=64", "--batch", "pretrain", "--sample", "2");
		expect(json.tokens.slice(0, 3)).toEqual(["x0", "y0", "x1"]);
		expect(json.run).toMatchObject({ step: 49999, batch: "pretrain", sample: 2 });
		expect(json.positions.every((p) => p % 2 === 0)).toBe(true);
		const { targets = [], predictions = [] } = json;
		const error = (row: readonly number[]): number =>
			row.reduce((sum, y, i) => sum + (y - (targets[i] as number)) ** 2, 0);
		// the last layer knows more of the task than the embedding
		expect(error(predictions.at(-1) as number[])).toBeLessThan(error(predictions[0] as number[]));
		const direct = await runJson<DirectResult>(
			"lens",
			"M=64",
			"--batch",
			"pretrain",
			"--sample",
			"2",
			"--direct",
			"head",
		);
		expect(direct.answer).toBeNull();
		expect(direct.run).toEqual(json.run);
		expect(direct.total[0]).toBeCloseTo(predictions.at(-1)?.at(-1) as number, 3);
		const { stdout } = await runCli("lens", "M=64", "--batch", "pretrain", "--sample", "2");
		expect(stdout).toContain("true y");
		expect(stdout).toContain("Logit lens of M=64, step 49999 at");
	});
});

test.each([
	[
		["--text", text, "--answer", "king fox"],
		'--answer: "king fox" is 2 tokens: "king" (68), "fox" (5); allowed is one',
	],
	[["--text", text, "--positions", "99"], "--positions: positions 99, allowed within its tokens 0:9"],
	[
		["--text", text, "--positions", "a"],
		'--positions: got "a", allowed a position or start:end, such as -1 or 4:8',
	],
	[
		["--text", text, "--at", "resid"],
		'--at: no point "resid", allowed resid_pre, attn_out, resid_mid, mlp_out',
	],
	[["--text", text, "--wrong", "fox"], "--wrong goes with --answer"],
	[["--text", text, "--direct"], "--direct needs --answer: the token whose logit is taken apart"],
	[
		["--text", text, "--answer", "fox", "--direct", "layer"],
		'--direct: got "layer", allowed component, head, neuron',
	],
	[["--text", text, "--top", "9999"], "--top: got 9999, allowed whole numbers 0..128"],
	[["--text", text, "--batch", "true"], "--batch is about regression runs; demo is none"],
	[
		["--text", text, "--answer", "fox", "--direct", "--at", "attn_out"],
		"--at is about the lens, not --direct",
	],
	[
		["M=64", "--answer", "fox"],
		"--answer goes with language models; M=64 is a run, whose lens shows predictions of y",
	],
	[["M=64", "--top", "3"], "--top is about tokens; a run predicts numbers"],
	[["M=64", "--positions", "1"], "--positions: got 1, which holds no x; predictions stand at x tokens"],
	[[], 'no input; give --text "..." or --ids FILE'],
])("refuses %j", async (argv, message) => {
	const { code, stdout, stderr } = await runCli("lens", ...argv);
	expect([code, stdout, stderr]).toEqual([2, "", `headscope: ${message}\n`]);
});
