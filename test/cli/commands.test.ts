import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AttentionResult } from "../../src/cli/actions/attention.js";
import type { CacheResult } from "../../src/cli/actions/cache.js";
import type { InfoResult } from "../../src/cli/actions/info.js";
import type { ModelsResult } from "../../src/cli/actions/models.js";
import type { TokensResult } from "../../src/cli/actions/tokens.js";
import { FAMILIES } from "../../src/models/registry.js";
import type { Tensor } from "../../src/tensor/index.js";
import { readSafetensors } from "../../src/weights/index.js";
import { referencePath } from "../reference-data.js";
import { Folder, runCli, runCliWith, runJson } from "./run-cli.js";

const WORDS = "red fox moon bread king red fox moon bread";

async function tensorsOf(path: string): Promise<{ tensors: Map<string, Tensor>; metadata: unknown }> {
	return readSafetensors(readFileSync(path));
}

test("help lists every command, and each command's help its options", async () => {
	const { stdout, code } = await runCli();
	expect(code).toBe(0);
	for (const name of ["attention", "cache", "tokens", "info", "models"]) {
		expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
		const help = await runCli(name, "--help");
		expect(help.code).toBe(0);
		expect(help.stdout).toContain("--json");
		expect(help.stderr).toBe("");
	}
});

test("the version is the package's", async () => {
	const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
	expect((await runCli("--version")).stdout).toBe(`${version}\n`);
});

test("tokens shows index, id, text and offsets, and a BOS that is added", async () => {
	const table = await runCli("tokens", "--text", "red fox");
	expect(table.stdout).toBe("INDEX  ID  TOKEN  OFFSETS\n    0  23  red    0-3\n    1   5  fox    4-7\n");
	const llama = referencePath("lm", "models", "stories260k");
	const withBos = await runCli("tokens", llama, "--text", "One day", "--bos");
	expect(withBos.stdout).toMatch(/^ +0 +1 +<s> +0-0 +BOS, added$/m);
	const json = await runJson<TokensResult>("tokens", llama, "--text", "One day", "--no-bos");
	expect(json.bos).toBe(false);
	expect(
		json.tokens
			.map(({ text }) => text)
			.join("")
			.trim(),
	).toBe("One day");
	for (const { text, offsets } of json.tokens.slice(1)) expect("One day".slice(...offsets)).toBe(text);
});

test("tokens reads a file", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("text.txt"), "red fox");
	const fromFile = await runCli("tokens", "--file", folder.at("text.txt"));
	expect(fromFile).toEqual(await runCli("tokens", "--text", "red fox"));
});

test("models lists the registry", async () => {
	const { families, demos } = await runJson<ModelsResult>("models");
	expect(families.map(({ name }) => name)).toEqual(FAMILIES.map(({ name }) => name));
	expect(demos).toContain("demo");
	const { stdout } = await runCli("models");
	for (const { architectures } of FAMILIES) expect(stdout).toContain(architectures.join(", "));
});

test("info tells sizes, modules and hook points", async () => {
	const result = await runJson<InfoResult>("info", "demo");
	expect(result).toMatchObject({
		model: "demo",
		architecture: "gpt2",
		format: "folder",
		dimensions: { nLayers: 2, nHeads: 4, nKvHeads: 4, dModel: 64, vocab: 128, nCtx: 32 },
	});
	const { tensors } = await tensorsOf("assets/demo/model.safetensors");
	expect(result.parameters).toBe([...tensors.values()].reduce((sum, { size }) => sum + size, 0));
	expect(result).toMatchObject({ memory: { bound: 4 * result.parameters, quantised: null }, held: "bound" });
	expect(result.modules).toContain("blocks.1.attn");
	expect(result.hooks).toContainEqual({
		name: "blocks.1.attn.hook_pattern",
		shape: ["batch", 4, "pos", "pos"],
		optional: false,
	});
	expect(result.hooks.find(({ name }) => name === "blocks.0.attn.hook_result")?.optional).toBe(true);
	const { stdout } = await runCli("info");
	expect(stdout).toMatch(/^ {2}blocks\.\{0-1\}\.attn\.hook_pattern +\[batch, 4, pos, pos\]$/m);
	expect(stdout).toMatch(/^ {2}blocks\.\{0-1\}\n {4}ln1$/m);
});

test("cache saves the logits and the activations that were asked for", async () => {
	using folder = new Folder();
	const out = folder.at("deep", "er", "cache.safetensors");
	const names = "hook_pattern$,blocks.*.hook_attn_out,blocks.1.attn.hook_result";
	const result = await runJson<CacheResult>("cache", "--text", WORDS, "--names", names, "--out", out);
	const { tensors, metadata } = await tensorsOf(out);
	expect([...tensors.keys()].sort()).toEqual(
		[
			"logits",
			...[0, 1].flatMap((l) => [`blocks.${l}.attn.hook_pattern`, `blocks.${l}.hook_attn_out`]),
			"blocks.1.attn.hook_result",
		].sort(),
	);
	for (const { name, shape } of result.tensors) expect(tensors.get(name)?.shape, name).toEqual(shape);
	expect(result.tensors).toHaveLength(tensors.size);
	expect(result.bytes).toBe(readFileSync(out).length);
	expect(metadata).toEqual({ model: "demo", ids: JSON.stringify(result.ids) });
	// the heads' results add up to what attention wrote: their bias, the same at every position, is left over
	const heads = tensors.get("blocks.1.attn.hook_result") as Tensor;
	const whole = tensors.get("blocks.1.hook_attn_out") as Tensor;
	const rest = (pos: number, d: number): number =>
		whole.at(0, pos, d) - [0, 1, 2, 3].reduce((sum, h) => sum + heads.at(0, pos, h, d), 0);
	for (let d = 0; d < 64; d++) expect(rest(3, d)).toBeCloseTo(rest(8, d), 4);
	expect(readdirSync(folder.at("deep", "er"))).toEqual(["cache.safetensors"]);
});

test("padding changes nothing: rows of different length, and a mask on the left", async () => {
	using folder = new Folder();
	const ids = [
		[23, 5, 34],
		[23, 5],
	];
	const cache = async (name: string, rows: number[][], mask?: number[][]): Promise<Tensor> => {
		writeFileSync(folder.at("ids.json"), JSON.stringify(rows));
		if (mask) writeFileSync(folder.at("mask.json"), JSON.stringify(mask));
		const files = ["--ids", folder.at("ids.json"), ...(mask ? ["--mask", folder.at("mask.json")] : [])];
		const out = folder.at(`${name}.safetensors`);
		expect((await runCli("cache", ...files, "--names", "hook_embed", "--out", out)).code).toBe(0);
		return (await tensorsOf(out)).tensors.get("logits") as Tensor;
	};
	const ragged = await cache("ragged", ids);
	const alone = await cache("alone", [[23, 5]]);
	const left = await cache("left", [[0, 23, 5]], [[0, 1, 1]]);
	for (let token = 0; token < 128; token++) {
		expect(ragged.at(1, 1, token)).toBeCloseTo(alone.at(0, 1, token), 4);
		expect(left.at(0, 2, token)).toBeCloseTo(alone.at(0, 1, token), 4);
	}
});

test("attention gives the numbers of the cache", async () => {
	using folder = new Folder();
	const out = folder.at("cache.safetensors");
	await runCli("cache", "--text", WORDS, "--names", "hook_pattern$", "--out", out);
	const { tensors } = await tensorsOf(out);
	const { patterns, tokens } = await runJson<AttentionResult>("attention", "--text", WORDS);
	expect(Object.keys(patterns)).toEqual([0, 1].flatMap((l) => [0, 1, 2, 3].map((h) => `${l}.${h}`)));
	expect(tokens).toEqual({ query: WORDS.split(" "), key: WORDS.split(" ") });
	for (const [name, rows] of Object.entries(patterns)) {
		const [layer, head] = name.split(".").map(Number) as [number, number];
		const expected = tensors.get(`blocks.${layer}.attn.hook_pattern`) as Tensor;
		for (const [q, row] of rows.entries())
			for (const [k, value] of row.entries()) expect(value).toBeCloseTo(expected.at(0, head, q, k), 6);
	}
	// the demo's previous-token head
	for (let q = 1; q < 9; q++) expect(patterns["0.1"]?.[q]?.[q - 1]).toBeGreaterThan(0.9);
});

test("attention prints patterns for a terminal", async () => {
	const { stdout } = await runCli("attention", "--text", "red fox moon red fox", "--heads", "L0H1");
	expect(stdout).toBe(
		[
			"Head 0.1",
			"0 red   ██          0 red 1.00",
			"1 fox   ██··        0 red 1.00",
			"2 moon  ··██··      1 fox 1.00",
			"3 red   ····██··    2 moon 1.00",
			"4 fox   ······██··  3 red 1.00",
			"",
			"rows attend to columns; ·░▒▓█ 0 to 1; then each row's strongest key",
			"",
		].join("\n"),
	);
});

test("documents keep their shape", async () => {
	using folder = new Folder();
	const keys = async (...argv: string[]): Promise<string> =>
		Object.keys(await runJson<object>(...argv)).join(" ");
	expect(await keys("tokens", "--text", "red")).toBe("model bos tokens");
	expect(await keys("models")).toBe("families demos");
	expect(await keys("info")).toBe(
		"model architecture format parameters stored memory held dimensions tokenizer modules hooks",
	);
	expect(await keys("attention", "--text", "red")).toBe("model tokens patterns out");
	const out = ["--out", folder.at("c.safetensors")];
	expect(await keys("cache", "--text", "red", ...out)).toBe("model out bytes ids tensors");
});

test("a model without a tokenizer runs on ids", async () => {
	using folder = new Folder();
	for (const file of ["config.json", "model.safetensors"]) {
		cpSync(`assets/demo/${file}`, folder.at("model", file));
	}
	writeFileSync(folder.at("ids.json"), "[[23, 5]]");
	const model = folder.at("model");
	const { tokens } = await runJson<AttentionResult>("attention", model, "--ids", folder.at("ids.json"));
	expect(tokens.key).toEqual(["#23", "#5"]);
	expect((await runJson<InfoResult>("info", model)).tokenizer).toBeNull();
	for (const command of ["attention", "tokens"]) {
		const { code, stderr } = await runCli(command, model, "--text", "red");
		expect(code).toBe(command === "tokens" ? 1 : 2);
		expect(stderr).toContain("no tokenizer");
	}
});

test("attention picks a row of ids", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("ids.json"), "[[1, 2, 3, 4], [23, 5, 34]]");
	const picked = ["--ids", folder.at("ids.json"), "--row", "1", "--heads", "1.2"];
	const { patterns, tokens } = await runJson<AttentionResult>("attention", ...picked);
	const alone = await runJson<AttentionResult>("attention", "--text", "red fox moon", "--heads", "1.2");
	expect(tokens).toEqual(alone.tokens);
	expect(patterns).toEqual(alone.patterns);
});

test("Ctrl-C gives 130 and leaves neither output nor message", async () => {
	using folder = new Folder();
	const out = folder.at("cache.safetensors");
	const ran = await runCliWith(AbortSignal.abort(), "cache", "--text", WORDS, "--out", out);
	expect(ran).toEqual({ code: 130, stdout: "", stderr: "" });
	expect(readdirSync(folder.path)).toEqual([]);
});
