import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { AblateResult } from "../../src/cli/actions/ablate.js";
import { referencePath, referenceTensors } from "../reference-data.js";
import { Folder, runCli, runCliWith, runJson } from "./run-cli.js";

const LLAMA = referencePath("lm", "models", "tiny-llama-induction");

describe("ablate", () => {
	test("gives TransformerLens' changes for every head, on ids and positions", async () => {
		using folder = new Folder();
		const reference = await referenceTensors("lm", "scores", "tiny-llama-induction", "ablations.safetensors");
		const ids = folder.at("ids.json");
		writeFileSync(ids, JSON.stringify(reference.get("ablate.input_ids")?.toNested()));
		for (const kind of ["zero", "mean"]) {
			const args = ["--kind", kind, "--metric", "loss", "--positions", "51:100", "--ids", ids];
			const { metric, positions, before, cells } = await runJson<AblateResult>("ablate", LLAMA, ...args);
			expect({ metric, positions }).toEqual({ metric: "loss", positions: "51:100" });
			expect(before).toBeCloseTo(0.195143, 4);
			const expected = reference.get(`ablate.${kind}_change`);
			expect(cells?.map(({ head }) => head)).toEqual([
				"0.0",
				"0.1",
				"0.2",
				"0.3",
				"1.0",
				"1.1",
				"1.2",
				"1.3",
			]);
			for (const { head, after, change, relative, low, high } of cells ?? []) {
				const [layer = 0, index = 0] = (head as string).split(".").map(Number);
				expect(Math.abs(change - (expected?.at(layer, index) as number))).toBeLessThanOrEqual(1e-3);
				expect(after).toBeCloseTo(before + change, 5);
				expect(relative).toBeCloseTo(change / before, 4);
				expect(low).toBeLessThanOrEqual(change);
				expect(high).toBeGreaterThanOrEqual(change);
			}
		}
	});

	test("defaults to the demo on repeated tokens; prints a table and draws a heat map", async () => {
		using folder = new Folder();
		const out = folder.at("deep", "change.svg");
		const args = ["--count", "6", "--n", "16", "--top", "3"];
		const { stdout, stderr, code } = await runCli("ablate", ...args, "--out", out);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const json = await runJson<AblateResult>("ablate", "demo", ...args, "--samples", "induction");
		expect(json.cells?.length).toBe(8);
		const best = [...(json.cells ?? [])].sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
		const listed = stdout.split("\n").map((line) => /^ *(\d\.\d) /.exec(line)?.[1]);
		expect(listed.filter((head) => head)).toEqual(best.slice(0, 3).map(({ head }) => head));
		expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
		expect(readFileSync(out, "utf8")).toContain("Zero ablation of demo");
	});

	test("ablates pairs and greedy sets, some heads, a prompt, and a run of in-context regression", async () => {
		const some = ["--heads", "0.1,1.2,1.3", "--count", "4", "--n", "12"];
		const pairs = await runJson<AblateResult>("ablate", "demo", ...some, "--pairs");
		expect(pairs.cells?.map(({ heads }) => heads)).toEqual([
			["0.1", "1.2"],
			["0.1", "1.3"],
			["1.2", "1.3"],
		]);
		const greedy = await runJson<AblateResult>("ablate", "demo", ...some, "--greedy", "2");
		expect(greedy.steps?.map(({ heads }) => heads.length)).toEqual([1, 2]);
		using folder = new Folder();
		const out = folder.at("set.svg");
		const drawn = await runCli("ablate", "demo", ...some, "--pairs", "--out", out);
		expect(drawn.stdout).toContain(`Wrote ${out}`);
		expect(readFileSync(out, "utf8")).toContain("Zero ablation of demo: 3 head by 3 head");
		await runCli("ablate", "demo", ...some, "--greedy", "2", "--out", out);
		const svg = readFileSync(out, "utf8");
		const texts = [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, text]) => text);
		const added = (greedy.steps ?? []).map((step) => `+${step.added}`);
		expect(texts).toEqual(expect.arrayContaining(["none", ...added, "heads ablated", "loss"]));
		expect(svg).toContain("band: 95% interval of the change over 4 rows");
		const prompt = await runJson<AblateResult>("ablate", LLAMA, "--text", "the red fox saw the red");
		expect(prompt.rows).toBe(1);
		expect(prompt.cells?.[0]?.low).toBeNull();
		const run = await runJson<AblateResult>("ablate", "M=64", "--count", "20");
		expect(run.metric).toBe("mse");
		expect(run.run).toMatchObject({ name: expect.stringContaining("M-64"), step: 49999 });
		const early = await runJson<AblateResult>("ablate", "M=64@5125", "--count", "20", "--greedy", "1");
		expect(early.run?.step).toBe(5125);
		expect(prompt.run).toBeUndefined();
		expect(run.cells?.every(({ change }) => Number.isFinite(change))).toBe(true);
	});

	test("answers of prompts are a metric too", async () => {
		const args = ["--text", "when Mary and John went to the store , John gave a ball to"];
		const asked = [...args, "--metric", "logit-difference", "--answer", "Mary", "--wrong", "John"];
		const { metric, before } = await runJson<AblateResult>("ablate", LLAMA, ...asked);
		expect(metric).toBe("logit-difference");
		expect(before).toBeGreaterThan(1);
	});

	const few = ["--count", "2", "--n", "8"];
	test.each([
		[
			["--kind", "zap"],
			/^headscope: --kind: no ablation "zap"; nearest: zero; allowed zero, mean, resample, frozen-patterns/,
		],
		[["--heads", "7.1"], /--heads: no head 7\.1; this model has layers 0\.\.1 and heads 0\.\.3/],
		[["--metric", "los"], /^headscope: --metric: no metric "los".*nearest: loss/],
		[["--metric", "logit-difference"], /--metric logit-difference needs --answer/],
		[["--positions", "x"], /--positions: got "x", allowed A:B/],
		[["--positions", "90:99", ...few], /loss.*positions 90:99, allowed within its tokens/],
		[["--text", "a", "--ids", "b.json"], /--text and --ids: give one of them/],
		[["--ids", "b.json", "--count", "3"], /--count makes samples; --ids gives the tokens as they are/],
		[["--samples", "5"], /--samples.*Allowed choices are induction, repeat, repeat-4, abxa, random/],
		[["--pairs", "--greedy", "2"], /--pairs and --greedy: give one of them/],
		[["--greedy", "9", ...few], /^headscope: --greedy: got 9, allowed 1\.\.8/],
		[["--kind", "resample", "--text", "red fox"], /^headscope: --kind: .*two rows or more, this run has 1/],
		[["--out", "change.pdf"], /--out change\.pdf: the ending says the format; allowed \.svg, \.png/],
		[
			["--memory", "1", "--kind", "mean"],
			/^headscope: --memory: .* needs about [\d.]+ MiB, allowed 1\.0 MiB; with --memory \d+ it is a sweep of 8 passes/,
		],
		[["--text", ""], /--text: the text is empty/],
	])("%j is refused with a line that says why", async (args, why) => {
		const { code, stdout, stderr } = await runCli("ablate", "demo", ...args);
		expect(stderr).toMatch(why);
		expect(stderr.trimEnd().split("\n").length).toBe(1);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(existsSync("change.pdf")).toBe(false);
	});

	test("rows of token ids are refused for runs", async () => {
		const { code, stderr } = await runCli("ablate", "M=64", "--text", "red");
		expect(stderr).toContain("--text goes with language models; M=64 is a run");
		expect(code).toBe(2);
	});

	test("ends by the signal", async () => {
		const stop = new AbortController();
		setTimeout(() => stop.abort(), 30);
		const { code, stdout } = await runCliWith(stop.signal, "ablate", "demo", "--count", "400");
		expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
	});
});

test("says in how many passes a sweep is run that is given little memory", async () => {
	const { stderr, code } = await runCli("ablate", "demo", "--count", "4", "--memory", "1");
	expect(code).toBe(0);
	const passes = Number(/--memory 1: (\d+) passes/.exec(stderr)?.[1]);
	expect(passes).toBeGreaterThan(1);
	expect((await runCli("ablate", "demo", "--count", "4", "--memory", "500")).stderr).toContain("2 passes"); // a layer each
});

test("of a run, refuses positions of tokens and says what there is instead", async () => {
	const { stderr, code } = await runCli("ablate", "M=64", "--metric", "mse", "--positions", "1:3");
	expect(stderr).toContain("of a run --metric pretrain/token/3 is one example's");
	expect(code).toBe(2);
});
