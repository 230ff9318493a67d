import { readFileSync } from "node:fs";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import type { AttentionResult } from "../../src/cli/actions/attention.js";
import type { InductionResult } from "../../src/cli/actions/induction.js";
import type { ScoresResult } from "../../src/cli/actions/scores.js";
import { PATTERN_SCORES } from "../../src/tasks/regression/index.js";
import { difference, Tensor } from "../../src/tensor/index.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const at = (file: string): string => referencePath("icl", "small", "l2h4-m64", file);
/** The command line's words for a small reference run. */
const RUN = [at("weights.safetensors"), "--config", at("config.json")];

describe("induction of a run", () => {
	test("ranks its heads by the lift over a fresh x, as JSON and as a table within 80 columns", async () => {
		const json = await runJson<InductionResult>("induction", ...RUN, "--samples", "30", "--n", "5");
		expect(json).toMatchObject({ architecture: "regression", nLayers: 2, nHeads: 4, score: "induction" });
		expect(json).toMatchObject({ samples: 30, seed: 0, bos: false, run: { numTasks: 64 } });
		expect(json.ranking.length).toBe(8);
		for (const { head, score, control, lift, low, high } of json.ranking) {
			const [layer = 0, index = 0] = head.split(".").map(Number);
			expect([score, control]).toEqual([json.values[layer]?.[index], json.control[layer]?.[index]]);
			expect(lift).toBeCloseTo(score - (control as number), 5);
			expect((low as number) <= (lift as number) && (lift as number) <= (high as number)).toBe(true);
		}
		const { scores, patternScores } = json.run as NonNullable<InductionResult["run"]>;
		expect(Object.keys(scores)).toEqual(["induction", "previous-token", "duplicate-token"]);
		expect(scores.induction?.values).toEqual(json.values);
		expect(Object.keys(patternScores)).toEqual([...PATTERN_SCORES]);
		const { stdout } = await runCli("induction", ...RUN, "--samples", "30", "--n", "5");
		const lines = stdout.split("\n");
		expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(80);
		const heads = lines.map((line) => /^ *(\d+\.\d+) /.exec(line)?.[1]).filter((head) => head !== undefined);
		const ranked = json.ranking.map(({ head }) => head);
		expect(heads).toEqual([...ranked, ...ranked]);
		expect(stdout).toMatch(/30 rows of x0 y0 \.\. x4 y4 and an\s+earlier x again, seed 0/);
		expect(stdout).not.toContain("NaN");
		expect(stdout).not.toContain("BOS");
	});

	test("its pattern scores are near the published ones, which are of other sequences", async () => {
		const { run } = await runJson<InductionResult>("induction", ...RUN, "--samples", "512");
		const wanted = referenceJson<{
			pretrain: { summary: Record<string, Record<string, Record<string, number>>> };
		}>("icl", "small", "l2h4-m64", "attention_scores.json").pretrain.summary;
		let compared = 0;
		for (const [block, heads] of Object.entries(wanted)) {
			for (const [head, scores] of Object.entries(heads)) {
				for (const [name, value] of Object.entries(scores)) {
					const ours = run?.patternScores[name.replace("distance", "mean_position")];
					const [l, h] = [block, head].map((key) => Number(key.split("_")[1])) as [number, number];
					// of other sequences of the same tasks: 64 there, 512 here
					expect(Math.abs((ours?.[l]?.[h] as number) - value), `${block} ${head} ${name}`).toBeLessThan(
						name === "entropy" ? 0.12 : 0.04,
					);
					compared++;
				}
			}
		}
		expect(compared).toBe(48);
	});

	test("writes the figures and the page, or the page alone", async () => {
		using folder = new Folder();
		await runCli("induction", ...RUN, "--samples", "8", "--out", folder.at("figures"));
		const page = readFileSync(folder.at("figures", "induction.html"), "utf8");
		expect(page).toContain(
			"previous-token, duplicate-token: 8 rows of x0 y0 .. x6 y6 and an earlier x again",
		);
		expect(page).toContain('"x6","y6"');
		expect(decode(readFileSync(folder.at("figures", "patterns.png"))).width).toBeGreaterThan(100);
		const { stdout } = await runCli("induction", ...RUN, "--samples", "8", "--out", folder.at("page.html"));
		expect(readFileSync(folder.at("page.html"), "utf8")).toBe(page);
		expect(stdout).toContain(`Wrote ${folder.at("page.html")}`);
	});
});

describe("scores of a run", () => {
	test("by name, those of patterns among them", async () => {
		const { scores } = await runJson<ScoresResult>("scores", ...RUN, "--score", "self_attn,duplicate-token");
		expect(Object.keys(scores)).toEqual(["self_attn", "duplicate-token"]);
		expect(scores.self_attn?.samples).toBe(256);
		expect(scores.self_attn).not.toHaveProperty("control");
		const { stdout } = await runCli("scores", ...RUN, "--score", "self_attn");
		expect(stdout).toContain("self_attn: of the attention pattern");
	});
});

describe("attention of a run", () => {
	test("prints rows of tokens x0, y0, ...; each query's attention sums to 1 and looks at nothing later", async () => {
		const { tokens, patterns, run } = await runJson<AttentionResult>("attention", ...RUN, "--heads", "1.1");
		expect(tokens.query.slice(0, 4)).toEqual(["x0", "y0", "x1", "y1"]);
		expect(run).toMatchObject({ batch: "trick", sample: 0 });
		for (const [query, row] of (patterns["1.1"] ?? []).entries()) {
			expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
			expect(row.slice(query + 1).every((value) => value === 0)).toBe(true);
		}
		const { stdout } = await runCli("attention", ...RUN, "--heads", "1.1");
		expect(stdout).toMatch(/^15 y7 .* \d+ [xy]\d \d\.\d\d$/m);
	});

	test("on the inputs along the axes it is what the original has", async () => {
		const outputs = await referenceTensors("icl", "small", "l2h4-m64", "outputs.safetensors");
		const inputs = await referenceTensors("icl", "small", "l2h4-m64", "inputs.safetensors");
		const softmax = "token_sequence_transformer.blocks.0.attention.attention_softmax";
		const name = [...outputs.keys()].find((key) => key.startsWith("trick.") && key.endsWith(softmax));
		const wanted = outputs.get(name ?? "") as Tensor;
		// the targets' noise has seed 3000 there
		expect(inputs.get("y_trick")?.shape).toEqual([4, 8, 1]);
		const { patterns } = await runJson<AttentionResult>(
			...["attention", ...RUN, "--heads", "0.2", "--sample", "3", "--seed", "3000"],
		);
		const got = Tensor.from(patterns["0.2"] as number[][]);
		expect(difference(got, wanted.select(3).select(2)).maxAbs).toBeLessThan(1e-5);
	});

	test("draws a figure, and a page with every head", async () => {
		using folder = new Folder();
		const words = ["attention", ...RUN, "--batch", "pretrain", "--sample", "5", "--heads", "1.1"];
		await runCli(...words, "--out", folder.at("head.png"));
		expect(decode(readFileSync(folder.at("head.png"))).width).toBeGreaterThan(100);
		const { stdout } = await runCli(...words, "--out", folder.at("page.html"));
		expect(stdout).toContain("page.html");
		expect(readFileSync(folder.at("page.html"), "utf8")).toContain('"x7","y7"');
	});
});

test.each([
	[
		["attention", ...RUN, "--batch", "tricks"],
		/'tricks' is invalid\. Allowed choices are trick, pretrain, true/,
	],
	[["attention", ...RUN, "--sample", "4"], /--sample: got 4, allowed 0\.\.3 of trick/],
	[["attention", ...RUN, "--batch", "true", "--sample", "64"], /--sample: got 64, allowed 0\.\.63 of true/],
	[["attention", ...RUN, "--text", "red"], /--text goes with language models/],
	[["attention", ...RUN, "--row", "1"], /--row goes with --ids/],
	[["attention", ...RUN, "--heads", "2.0"], /--heads: no head 2\.0/],
	[
		["attention", "demo", "--text", "red", "--batch", "true"],
		/--batch is about regression runs; demo is none/,
	],
	[["induction", ...RUN, "--n", "8"], /n: 8 examples before one that comes again, allowed 1\.\.7 \(max_ex/],
	[["induction", ...RUN, "--text", at("config.json")], /text: is about token ids/],
	[["induction", ...RUN, "--bos"], /bos: is about token ids/],
	[["induction", ...RUN, "--offline"], /--offline is about models of the hub/],
	[
		["induction", ...RUN, "--rank-by", "previous-token"],
		/--rank-by: got "previous-token", allowed: induction, dup/,
	],
	[
		["scores", ...RUN, "--score", "entrpy"],
		/no score "entrpy" of regression runs, allowed: induction, .*self_attn/,
	],
	[["scores", ...RUN, "--score", "entropy", "--ids", "ids.json"], /--ids goes with language models/],
])("%#: a usage error", async (argv, message) => {
	const { code, stdout, stderr } = await runCli(...argv);
	expect(stderr).toMatch(message);
	expect([code, stdout]).toEqual([2, ""]);
});
