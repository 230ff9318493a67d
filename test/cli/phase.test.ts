/** `headscope phase`: the scores of heads over the checkpoints of a training. */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import type { InductionResult } from "../../src/cli/actions/induction.js";
import type { PhaseResult } from "../../src/cli/actions/phase.js";
import type { ScoresResult } from "../../src/cli/actions/scores.js";
import { referencePath } from "../reference-data.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const at = (file: string): string => referencePath("icl", "small", "l2h4-m64", file);

/** A run's folder with two checkpoints: the state right after construction, and the trained one. */
function runFolder(): Folder {
	const folder = new Folder();
	copyFileSync(at("config.json"), folder.at("config.json"));
	copyFileSync(at("weights_init.safetensors"), folder.at("0.safetensors"));
	copyFileSync(at("weights.safetensors"), folder.at("599.safetensors"));
	return folder;
}

/** A language model's folder: the embedded demo with two of its checkpoints. */
function modelFolder(): Folder {
	const folder = new Folder();
	const demo = (name: string): URL => new URL(`../../assets/demo/${name}`, import.meta.url);
	for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]) {
		copyFileSync(demo(name), folder.at(name));
	}
	mkdirSync(folder.at("checkpoints"));
	for (const step of [0, 440]) {
		copyFileSync(demo(`checkpoints/${step}.safetensors`), folder.at("checkpoints", `${step}.safetensors`));
	}
	return folder;
}

describe("of a regression run", () => {
	test("each checkpoint on the same rows, as a table, as JSON and as a figure", async () => {
		using folder = runFolder();
		const words = ["phase", folder.path, "--samples", "20"];
		const json = await runJson<PhaseResult>(...words, "--out", folder.at("rise.svg"));
		expect(json).toMatchObject({ steps: [0, 599], samples: 20, out: folder.at("rise.svg") });
		expect(json).not.toHaveProperty("loss");
		const alone = await runJson<InductionResult>("induction", `${folder.path}@0`, "--samples", "20");
		expect(alone.run).toMatchObject({ step: 0, name: json.run });
		const { values, control, best } = json.scores.induction as PhaseResult["scores"][string];
		expect([values[0], control?.[0], best[0]]).toEqual([alone.values, alone.control, alone.ranking[0]]);
		expect(values[1]).not.toEqual(values[0]);
		expect(json.scores["previous-token"]).not.toHaveProperty("control");
		const svg = readFileSync(folder.at("rise.svg"), "utf8");
		expect(svg.match(/data-name="/g)).toHaveLength(3 * 8);
		expect(svg).toContain("lift of duplicate-token");
		const { stdout } = await runCli(...words);
		expect(stdout).toMatch(/STEP +INDUCTION LIFT +HEAD +PREVIOUS-TOKEN/);
		expect(stdout.match(/^ *(0|599) +-?0\.\d{3} /gm)).toHaveLength(2);
	});
});

describe("of a language model", () => {
	test("each checkpoint as it is scored alone, with the loss, which falls as induction rises", async () => {
		using folder = modelFolder();
		const words = ["phase", folder.path, "--samples", "20", "--n", "10", "--seed", "3"];
		const json = await runJson<PhaseResult>(...words, "--out", folder.at("phase.png"));
		expect(json).toMatchObject({ steps: [0, 440], samples: 20, seed: 3, out: folder.at("phase.png") });
		expect(json).not.toHaveProperty("run");
		expect(Object.keys(json.scores)).toEqual(["induction-repeat", "previous-token"]);
		for (const [i, step] of [0, 440].entries()) {
			const { scores } = await runJson<ScoresResult>(
				...["scores", `${folder.path}@${step}`, "--samples", "20", "--n", "10", "--seed", "3"],
				...["--score", "induction-repeat,previous-token"],
			);
			for (const [name, { values, control, ranking }] of Object.entries(scores)) {
				const { best, ...over } = json.scores[name] as PhaseResult["scores"][string];
				expect([over.values[i], over.control?.[i], best[i]]).toEqual([values, control, ranking[0]]);
			}
		}
		const [before = 0, after = 0] = json.loss ?? [];
		// before training every token of the 128 is as likely: ln 128 = 4.85
		expect(before).toBeGreaterThan(4.5);
		expect(after).toBeLessThan(1);
		const lifts = json.scores["induction-repeat"]?.best.map(({ lift }) => lift ?? 0) ?? [];
		expect(lifts[0]).toBeLessThan(0.1);
		expect(lifts[1]).toBeGreaterThan(0.5);

		const { width, height } = decode(readFileSync(folder.at("phase.png")));
		expect([width > 600, height > 600]).toEqual([true, true]);
		const { stdout } = await runCli(...words);
		expect(stdout).toMatch(/STEP +LOSS +INDUCTION-REPEAT LIFT +HEAD +PREVIOUS-TOKEN +HEAD/);
		expect(stdout).toContain(` 440  ${after.toFixed(3)} `);
		expect(stdout).toMatch(/induction-repeat, previous-token: 20 rows of .*, seed 3/s);
		expect(
			Math.max(
				...stdout
					.split("\n")
					.slice(1)
					.map((line) => line.length),
			),
		).toBeLessThanOrEqual(80);
	});
});

test.each([
	[["phase", "--out", "rise.html"], /allowed \.svg, \.png/],
	[["phase", "--n", "17"], /n: |17/],
	[["phase", "M=64", "--bos"], /bos: is about token ids/],
	[["phase", "M=64", "--offline"], /--offline is about models of the hub/],
	[["phase", "--samples", "0"], /--samples/],
])("%j is a usage error", async (argv, message) => {
	const { code, stdout, stderr } = await runCli(...argv);
	expect(stderr).toMatch(message);
	expect([code, stdout]).toEqual([2, ""]);
});

test("a model without checkpoints is refused, with what has some", async () => {
	using folder = modelFolder();
	rmSync(folder.at("checkpoints"), { recursive: true });
	const { code, stderr } = await runCli("phase", folder.path);
	const line = `headscope: ${folder.path}: has no checkpoints; allowed: demo, demo-llama, or a folder with checkpoints/<step>.safetensors\n`;
	expect([code, stderr]).toEqual([1, line]);
});
