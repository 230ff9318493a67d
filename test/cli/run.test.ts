/** `headscope run` and the library carry an experiment file out alike. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ExperimentResult, parseExperiment, runExperiment } from "../../src/experiments/index.js";
import { loadModel } from "../../src/index.js";
import { INTERVENTIONS } from "../../src/interventions/index.js";
import { compareRows, METRICS, measuring, readMetric } from "../../src/metrics/index.js";
import { resolveRun, runExperimentFile, saveSafetensors } from "../../src/node.js";
import { loadSae } from "../../src/sae/index.js";
import { randomSae, writeSae } from "../sae/plain-sae.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const folder = fileURLToPath(new URL("../../examples/experiments/", import.meta.url));
const examples = readdirSync(folder);
const plain = (result: ExperimentResult): ExperimentResult =>
	JSON.parse(JSON.stringify(result)) as ExperimentResult;

/** Of a result, by metric. */
function metric(result: ExperimentResult, name: string): ExperimentResult["metrics"][number] {
	const found = result.metrics.find((one) => one.metric === name);
	if (!found) throw new Error(`no metric ${name}`);
	return found;
}

test.each(examples)("%s is understood", (name) => {
	expect(parseExperiment(readFileSync(folder + name, "utf8"), name).data.title).toBeDefined();
});

describe.each(["previous-token-head.yaml", "regression-patterns.yaml"])("%s", (name) => {
	test("gives equal numbers on the command line, in Node and where a host opens what the file names", async () => {
		const path = folder + name;
		const json = await runJson<ExperimentResult>("run", path);
		const inNode = await runExperimentFile(path);
		expect(plain(inNode)).toEqual(json);
		const text = readFileSync(path, "utf8");
		const elsewhere = await runExperiment(parseExperiment(text, path), {
			loadModel: (ref) => loadModel(ref),
			openRun: (ref) => resolveRun(ref),
			versions: json.versions,
		});
		expect(plain(elsewhere)).toEqual(json);
		expect(json.versions.headscope).toMatch(/^\d+\.\d+\.\d+/);
		expect(json.sha256).toMatch(/^[0-9a-f]{64}$/);
		for (const { before, after, change } of json.metrics) expect(after - before).toBeCloseTo(change, 9);
	});
});

test("the induction example: without the previous-token head repeats cost as much as anything else", async () => {
	const result = await runExperimentFile(`${folder}previous-token-head.yaml`);
	const loss = metric(result, "induction-loss");
	expect(loss.before).toBeLessThan(0.2);
	expect(loss.low).toBeGreaterThan(4);
	expect(metric(result, "head-score:induction-repeat@1.3").high).toBeLessThan(-0.8);
	// the head still looks one token back: what it sees was not changed
	expect(metric(result, "head-score:previous-token@0.1").change).toBe(0);
	// with later patterns kept, what is lost is only what the head itself moves
	const kept = await runExperimentFile(`${folder}frozen-patterns.yaml`);
	expect(metric(kept, "induction-loss").high).toBeLessThan(0.2);
	expect(metric(kept, "head-score:induction-repeat@1.3").change).toBe(0);
});

test("the patched prompt asks for what followed the other prompt's last token, and a row has no interval", async () => {
	const result = await runExperimentFile(`${folder}patched-prompt.yaml`);
	expect(metric(result, "rank").before).toBe(0);
	expect(metric(result, "logit-difference").after).toBeLessThan(0);
	expect(plain(result).metrics.map(({ low, high }) => [low, high])).toEqual([
		[null, null],
		[null, null],
		[null, null],
	]);
	const { stdout } = await runCli("run", `${folder}patched-prompt.yaml`);
	expect(stdout).toContain("a single row has no interval");
	expect(stdout).toContain(result.sha256);
	expect(stdout).not.toContain("95% INTERVAL");
});

test("--out saves the result whole, and is checked before the work", async () => {
	using dir = new Folder();
	const out = dir.at("new", "result.json");
	const json = await runJson<ExperimentResult>("run", `${folder}patched-prompt.yaml`, "--out", out);
	expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(json);
	expect(readdirSync(dir.at("new"))).toEqual(["result.json"]);
	expect(await runCli("run", `${folder}patched-prompt.yaml`, "--out", dir.at("x.txt"))).toMatchObject({
		code: 2,
	});
	const failed = await runCli("run", dir.at("none.yaml"), "--out", dir.at("y.json"));
	expect(failed.code).toBe(2);
	expect(failed.stderr).toContain("there is no such file");
	expect(existsSync(dir.at("y.json"))).toBe(false);
});

test("--schema prints a schema that stands alone and knows every kind of intervention and metric", async () => {
	const { stdout, code } = await runCli("run", "--schema");
	expect(code).toBe(0);
	expect(stdout).not.toContain('"$ref"');
	expect(JSON.parse(stdout)).toEqual(await runJson("run", "--schema"));
	const kinds = [...stdout.matchAll(/"const": "([^"]+)"/g)].map(([, kind]) => kind);
	for (const { kind } of [...INTERVENTIONS, ...METRICS]) expect(kinds).toContain(kind);
	const { properties } = JSON.parse(stdout) as { properties: object };
	expect(Object.keys(properties)).toEqual(expect.arrayContaining(["donors", "dictionaries"]));
	expect((await runCli("run", "--schema", "x.yaml")).stderr).toContain("leave the file out");
	expect((await runCli("run")).stderr).toContain("no experiment given");
});

describe("a file that is not understood is refused with its line and column", () => {
	const base = "model: demo\nids: [[1, 2, 3, 4]]\n";
	test.each<[string, string, string]>([
		[
			"an unknown key",
			`${base}metric: [loss]\n`,
			'3:1: unknown key "metric" of an experiment, nearest is "metrics"',
		],
		[
			"an unknown key inside",
			`model: demo\nsamples:\n  tokens: 3\nmetrics: [loss]\n`,
			'3:3: unknown key "tokens" of samples',
		],
		[
			"an unknown key of an intervention",
			`${base}metrics: [loss]\ninterventions:\n  - kind: zero\n    heds: ["0.1"]\n`,
			'6:5: interventions[0]: unknown "heds"',
		],
		[
			"an unknown key of a metric",
			`${base}metrics:\n  - loss\n  - kind: loss\n    at: 3\n`,
			'6:5: metrics[1]: unknown "at"',
		],
		["an unknown metric", `${base}metrics:\n  - lossy\n`, '4:5: metrics[0]: no metric "lossy"'],
		[
			"a metric that YAML reads as a mapping",
			`${base}metrics:\n  - loss@1:\n`,
			'a text that ends in ":" needs quotes',
		],
		[
			"a metric without its data",
			`${base}metrics:\n  - logit-difference\n`,
			'4:5: metrics[0]: "logit-difference" does not say enough, it needs answers and wrong',
		],
		[
			"a strength outside",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: zero, heads: ["0.1"], strength: 2 }\n`,
			"5:45: interventions[0].strength: got 2, allowed 0 to 1",
		],
		[
			"heads that YAML reads as numbers",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: zero, heads: [0.1] }\n`,
			"interventions[0].heads",
		],
		["no metrics", base, "1:1: metrics is missing"],
		[
			"a model and a run",
			`${base}run: M=64\nmetrics: [loss]\n`,
			"1:1: an experiment is about one of model and run, got both",
		],
		[
			"rows from two places",
			`${base}prompts: red\nmetrics: [loss]\n`,
			"2:1: rows come from one of prompts and ids",
		],
		["tokens of a run", "run: M=64\nids: [[1]]\nmetrics: [mse]\n", "2:1: ids is about token ids"],
		[
			"a donor that is none",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: patch, heads: ["0.1"], from: x }\n`,
			'5:42: no donor "x", allowed clean',
		],
		[
			"a donor that nothing takes",
			`${base}donors:\n  x: { ids: [[1]] }\nmetrics: [loss]\n`,
			'4:3: no intervention takes donor "x"',
		],
		["a key that is there twice", `model: demo\nmodel: demo\nmetrics: [loss]\n`, "2:1: "],
		["no YAML", "model: [demo\n", "broken.yaml:"],
		["a list", "- 1\n", "1:1: an experiment: "],
		// found when the model is there
		[
			"a head that there is not",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: zero, heads: ["0.9"] }\n`,
			'5:27: interventions[0].heads[0]: no head "0.9"; nearest: 0.3',
		],
		[
			"a hook that there is not",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: zero, at: resid_pree, layers: [0] }\n`,
			"5:23: interventions[0].at",
		],
		[
			"an answer of several tokens",
			`model: demo\nprompts: red fox\nmetrics:\n  - kind: rank\n    answers: red fox\n`,
			'5:14: metrics[0].answers: "red fox" is 2 tokens: "red"',
		],
		[
			"a score that there is not",
			`${base}metrics: ["head-score:inductoin@1.0"]\n`,
			'3:11: metrics[0]: no score "inductoin"',
		],
		[
			"rows that do not fit",
			"model: demo\nsamples:\n  n: 400\nmetrics: [loss]\n",
			"4:11: metrics[0]: n: 400 for repeat samples",
		],
		[
			"an id that the model lacks",
			"model: demo\nids: [[1, 9999]]\nmetrics: [loss]\n",
			"2:11: ids[0][1]: 9999 is not a token id",
		],
		["a position outside", `${base}metrics: ["loss@2:9"]\n`, "3:11: metrics[0]: row 0: positions 2:9"],
		[
			"a donor of another length, both shown aligned",
			'model: demo\nprompts: red fox moon red\ndonors: { other: { prompts: red fox bread moon red } }\nmetrics: [loss]\ninterventions:\n  - { kind: patch, heads: ["0.1"], from: other }\n',
			'3:29: donors.other.prompts: 5 tokens, but row 0 has 4, and both need as many; from position 0 on: row "red" "fox" · "moon" "red", donor "red" "fox" "bread" "moon" "red"',
		],
		[
			"the row that has another length than its donor",
			"model: demo\nprompts: [red fox, king moon]\ndonors:\n  other:\n    prompts:\n      - fox red\n      - king\nmetrics: [loss]\ninterventions:\n  - { kind: freeze, from: other }\n",
			'7:9: donors.other.prompts[1]: 1 token, but row 1 has 2, and both need as many; from position 0 on: row "king" "moon", donor "king" ·',
		],
		[
			"an id in a donor that the model lacks",
			`${base}donors:\n  x:\n    ids: [[1, 2, 3, 4444]]\nmetrics: [loss]\ninterventions:\n  - { kind: patch, heads: ["0.1"], from: x }\n`,
			"5:21: donors.x.ids[0][3]: 4444 is not a token id of this model",
		],
		[
			"a donor that is too long",
			`${base}donors:\n  x: { ids: [[${Array(600).fill(1).join(", ")}]] }\nmetrics: [loss]\ninterventions:\n  - { kind: mean, over: batch-and-pos, heads: ["0.1"], from: x }\n`,
			"4:6: donors.x: input: 600 tokens, but the model's context is",
		],
		[
			"rows of different length that a mean goes across, aligned",
			'model: demo\nprompts: [red fox moon, red moon]\nmetrics: [loss]\ninterventions:\n  - { kind: mean, heads: ["0.1"] }\n',
			'5:5: interventions[0]: mean goes across rows, which need equal lengths: row 0 has 3 tokens and row 1 has 2; from position 0 on: row 0 "red" "fox" "moon", row 1 "red" · "moon"',
		],
		[
			"donor's rows of different length that a mean goes across",
			'model: demo\nprompts: red fox\ndonors: { other: { prompts: [red, king fox] } }\nmetrics: [loss]\ninterventions:\n  - { kind: mean, over: batch-and-pos, heads: ["0.1"], from: other }\n',
			"3:29: donors.other.prompts: mean goes across rows, which need equal lengths: row 0 has 1 token and row 1 has 2; ",
		],
		[
			"a donor's file that is not there",
			`${base}donors:\n  x: { file: none.safetensors }\nmetrics: [loss]\ninterventions:\n  - { kind: patch, heads: ["0.1"], from: x }\n`,
			"4:14: donors.x.file: ",
		],
		["a text that is not there", "model: demo\ntext: none.txt\nmetrics: [loss]\n", "2:7: text: "],
		[
			"a dictionary that is none",
			`${base}metrics: [loss]\ninterventions:\n  - { kind: sae, dictionary: x, features: [1] }\n`,
			'5:30: no dictionary "x", allowed the names of "dictionaries", which has none',
		],
		[
			"a dictionary that nothing takes",
			`${base}dictionaries:\n  x: sae\nmetrics: [loss]\n`,
			'4:3: no intervention takes dictionary "x"',
		],
		[
			"a dictionary's folder that is not there",
			`${base}dictionaries: { x: none }\nmetrics: [loss]\ninterventions:\n  - { kind: sae, dictionary: x, features: [1] }\n`,
			"3:20: dictionaries.x: ",
		],
	])("%s", async (_, text, message) => {
		using dir = new Folder();
		const path = dir.at("broken.yaml");
		writeFileSync(path, text);
		const { code, stdout, stderr } = await runCli("run", path);
		expect(stderr).toContain(message);
		expect(stderr).toContain("broken.yaml:");
		expect(stderr.trimEnd().split("\n")).toHaveLength(1);
		expect(stdout).toBe("");
		expect(code).toBe(2);
	});
});

describe("what a file names lies beside it", () => {
	test("autoencoders are read, and their features changed as the library changes them", async () => {
		using dir = new Folder();
		await using model = await loadModel("demo");
		const made = { d_in: model.config.dModel, d_sae: 20, hook_name: "blocks.1.hook_resid_pre" };
		writeSae(dir.at("saes", "resid"), randomSae(made));
		const text = (features: string): string =>
			`model: demo\nsamples: { n: 6, count: 4 }\ndictionaries: { mine: saes/resid }\ninterventions:\n  - { kind: sae, dictionary: mine, features: ${features}, factor: 0 }\n  - { kind: patch, heads: ["1.3"], from: clean }\nmetrics: [loss, kl]\n`;
		writeFileSync(dir.at("sae.yaml"), text("[0, 3, 7]"));
		const found = await runJson<ExperimentResult>("run", dir.at("sae.yaml"));
		const dictionaries = { mine: await loadSae(dir.at("saes", "resid")) };
		const measure = await measuring(model, "loss", { n: 6, samples: 4 });
		const { cache } = await model.runWithCache(measure.input, { names: "blocks.1.attn.hook_z" });
		const after = await readMetric(measure, {
			dictionaries,
			donors: { clean: cache },
			interventions: [
				{ kind: "sae", dictionary: "mine", features: [0, 3, 7] },
				{ kind: "patch", heads: ["1.3"], from: "clean" },
			],
		});
		const expected = compareRows(await readMetric(measure), after);
		expect(metric(found, "loss").change).toBeCloseTo(expected.change, 9);
		expect(Math.abs(expected.change)).toBeGreaterThan(1e-3);
		expect(metric(found, "kl").after).toBeGreaterThan(0);
		writeFileSync(dir.at("far.yaml"), text("[20]"));
		const { stderr, code } = await runCli("run", dir.at("far.yaml"));
		expect(stderr).toContain('far.yaml:5:46: interventions[0].features: got 20, "mine" has features 0..19');
		expect(code).toBe(2);
		writeFileSync(dir.at("saes", "resid", "cfg.json"), "{");
		expect((await runCli("run", dir.at("sae.yaml"))).stderr).toMatch(
			/sae\.yaml:3:23: dictionaries\.mine: .*saes\/resid cfg\.json: is not JSON/,
		);
	});

	test("a donor's mean over positions may be of any length", async () => {
		using dir = new Folder();
		writeFileSync(
			dir.at("mean.yaml"),
			'model: demo\nprompts: [red fox moon red, king fox]\ndonors: { other: { prompts: [red king moon, king fox moon] } }\nmetrics: [loss]\ninterventions:\n  - { kind: mean, over: batch-and-pos, heads: ["0.1"], from: other }\n',
		);
		const { metrics } = await runExperimentFile(dir.at("mean.yaml"));
		expect(Math.abs(metrics[0]?.change as number)).toBeGreaterThan(1e-3);
	});

	test("a text is cut into rows, a donor's tensors are read, and both give what the library gives", async () => {
		using dir = new Folder();
		const model = await loadModel("demo");
		try {
			const text = "red fox moon bread king red fox moon bread king ".repeat(6);
			writeFileSync(dir.at("book.txt"), text);
			const { cache } = await model.runWithCache("red fox moon bread", { names: "blocks.1.hook_resid_pre" });
			await saveSafetensors(dir.at("values.safetensors"), cache.toMap());
			writeFileSync(
				dir.at("text.yaml"),
				"model: demo\ntext: book.txt\nsamples: { n: 5, count: 4, seed: 2 }\nmetrics: [loss]\n",
			);
			const found = await runJson<ExperimentResult>("run", dir.at("text.yaml"));
			const measure = await measuring(model, "loss", { text, n: 5, samples: 4, seed: 2 });
			const rows = await readMetric(measure);
			expect(found.metrics[0]?.rows).toBe(4);
			expect(found.metrics[0]?.before).toBe(compareRows(rows, rows).before);
			const patch = (donor: string, from: string): string =>
				`model: demo\nprompts: king fox moon red\ndonors: { ${from}: ${donor} }\ninterventions:\n  - { kind: patch, at: resid_pre, layers: [1], from: ${from} }\nmetrics:\n  - { kind: log-probability, answers: king }\n`;
			writeFileSync(dir.at("file.yaml"), patch("{ file: values.safetensors }", "saved"));
			writeFileSync(dir.at("prompt.yaml"), patch("{ prompts: red fox moon bread }", "other"));
			writeFileSync(dir.at("same.yaml"), patch("unchanged", "self"));
			const [file, prompt, same] = await Promise.all(
				["file", "prompt", "same"].map((name) => runExperimentFile(dir.at(`${name}.yaml`))),
			);
			expect(file?.metrics).toEqual(prompt?.metrics);
			expect(Math.abs(prompt?.metrics[0]?.change as number)).toBeGreaterThan(1e-3);
			expect(same?.metrics[0]?.change).toBe(0);
			writeFileSync(dir.at("none.yaml"), patch("{ file: none.safetensors }", "gone"));
			expect((await runCli("run", dir.at("none.yaml"))).stderr).toMatch(
				/none\.safetensors: cannot be read: there is no/,
			);
		} finally {
			await model.dispose();
		}
	});

	test("a host without files says so", async () => {
		const host = { loadModel: (ref: string) => loadModel(ref), versions: {} };
		const text = parseExperiment("model: demo\ntext: book.txt\nmetrics: [loss]\n", "a.yaml");
		await expect(runExperiment(text, host)).rejects.toThrow(
			'a.yaml:2:7: text: "book.txt": there are no files here',
		);
		const sae = parseExperiment(
			"model: demo\nids: [[1, 2]]\ndictionaries: { x: sae }\nmetrics: [loss]\ninterventions: [{ kind: sae, dictionary: x, features: [1] }]\n",
			"a.yaml",
		);
		await expect(runExperiment(sae, host)).rejects.toThrow(
			'a.yaml:3:20: dictionaries.x: "sae": there are no files here',
		);
		const run = parseExperiment("run: M=64\nmetrics: [mse]\n", "a.yaml");
		await expect(runExperiment(run, host)).rejects.toThrow('a.yaml: run "M=64": no runs can be opened here');
	});
});
