import { writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { GenerateResult } from "../../src/cli/actions/generate.js";
import { run } from "../../src/cli/run.js";
import { Model } from "../../src/index.js";
import { referencePath } from "../reference-data.js";
import { collector, Folder, runCli, runJson } from "./run-cli.js";

const WORDS = "red fox moon bread king red fox moon";
const STORIES = referencePath("lm", "models", "stories260k");

test("it writes the continuation", async () => {
	const { code, stdout } = await runCli("generate", "demo", "--text", WORDS, "--max", "2");
	expect(code).toBe(0);
	expect(stdout).toBe(" bread king\n");
	const story = await runCli("generate", STORIES, "--text", "Once upon a time", "--stop", ".");
	expect(story.stdout).toBe(", there was a little girl named Lily.\n");
});

test("JSON holds ids, texts and probabilities of every row", async () => {
	const { rows } = await runJson<GenerateResult>("generate", "demo", "--text", WORDS, "--max", "3");
	expect(rows).toHaveLength(1);
	expect(rows[0]).toMatchObject({ end: "length", text: expect.stringMatching(/^ bread king/) });
	expect(rows[0]?.tokens.map(({ text }) => text).join("")).toBe(rows[0]?.text);
	expect(Math.exp(rows[0]?.tokens[0]?.logProb as number)).toBeGreaterThan(0.5);
	using folder = new Folder();
	const prompt = rows[0]?.prompt as number[];
	writeFileSync(folder.at("ids.json"), JSON.stringify([prompt, prompt.slice(0, 4)]));
	const both = await runJson<GenerateResult>("generate", "--ids", folder.at("ids.json"), "--max", "3");
	expect(both.rows[0]?.tokens.map(({ id }) => id)).toEqual(rows[0]?.tokens.map(({ id }) => id));
	expect(both.rows[1]?.prompt).toEqual(prompt.slice(0, 4));
	const text = await runCli("generate", "--ids", folder.at("ids.json"), "--max", "3");
	expect(text.stdout).toBe(`${both.rows.map((row) => row.text).join("\n---\n")}\n`);
});

test("interventions come as JSON or in a file, and act", async () => {
	const args = ["generate", "demo", "--text", WORDS, "--max", "3"];
	const zero = { kind: "zero", heads: ["0.1"] };
	const plain = await runJson<GenerateResult>(...args);
	const inline = await runJson<GenerateResult>(...args, "--intervene", JSON.stringify(zero));
	using folder = new Folder();
	writeFileSync(folder.at("zero.json"), JSON.stringify([zero]));
	expect(await runJson(...args, "--intervene", folder.at("zero.json"))).toEqual(inline);
	expect(inline.rows[0]?.tokens[0]?.logProb).not.toBe(plain.rows[0]?.tokens[0]?.logProb);
	const bad = await runCli(...args, "--intervene", '{"kind":"zer"}');
	expect(bad).toMatchObject({ code: 2, stdout: "" });
	expect(bad.stderr).toMatch(/--intervene\[0\]\.kind: got "zer".*nearest: zero/);
	expect((await runCli(...args, "--intervene", "{")).stderr).toContain("--intervene: is not JSON");
	expect((await runCli(...args, "--intervene", "none.json")).stderr).toContain("there is no such file");
});

test("draws follow the seed", async () => {
	const draw = (seed: string): Promise<GenerateResult> =>
		runJson("generate", STORIES, "--text", "One day", "--max", "12", "--temperature", "1.5", "--seed", seed);
	expect(await draw("3")).toEqual(await draw("3"));
	expect((await draw("3")).rows).not.toEqual((await draw("4")).rows);
});

test("Ctrl-C ends it with what there is", async () => {
	const args = ["generate", STORIES, "--text", "Once upon a time", "--max", "400"];
	for (const json of [false, true]) {
		const control = new AbortController();
		const [stdout, stderr] = [collector(), collector()];
		// the prompt's run is the first, so five tokens are there when the sixth begins
		const original = Model.prototype.runWithCache as (...given: unknown[]) => never;
		let count = 0;
		vi.spyOn(Model.prototype, "runWithCache").mockImplementation(function (this: Model, ...given) {
			if (++count === 6) control.abort();
			return original.apply(this, given);
		});
		const io = { stdout: stdout.stream, stderr: stderr.stream, signal: control.signal };
		expect(await run(json ? [...args, "--json"] : args, io)).toBe(130);
		vi.restoreAllMocks();
		expect(stderr.text()).toBe("");
		if (!json) expect(stdout.text()).toBe(", there was a little\n");
		else {
			const { rows } = JSON.parse(stdout.text()) as GenerateResult;
			expect(rows[0]).toMatchObject({ end: "interrupted", text: ", there was a little" });
			expect(rows[0]?.tokens).toHaveLength(5);
		}
	}
});

test("a wrong command line is told in one line", async () => {
	const told = async (message: string | RegExp, ...args: string[]): Promise<void> => {
		const { code, stdout, stderr } = await runCli("generate", "demo", ...args);
		expect([code, stdout]).toEqual([2, ""]);
		expect(stderr.trim().split("\n")).toHaveLength(1);
		expect(stderr).toMatch(message);
	};
	await told(/no input; give --text/);
	await told(/--text: the text is empty/, "--text", "");
	await told(/--top-k: nothing is drawn at temperature 0/, "--text", "red", "--top-k", "3");
	await told(/--seed: nothing is drawn/, "--text", "red", "--seed", "3");
	await told(/Allowed are numbers from 0/, "--text", "red", "--temperature", "-1");
	await told(/Allowed are numbers from 0 to 1/, "--text", "red", "--temperature", "1", "--top-p", "2");
	await told(/topP: got 0/, "--text", "red", "--temperature", "1", "--top-p", "0");
	await told(/stop\[0\]: "no such" is not one token/, "--text", "red", "--stop", "no such");
	await told(/prompt: its 32 tokens fill the model's context/, "--text", Array(32).fill("red").join(" "));
});
