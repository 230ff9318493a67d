import { chmodSync, cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { Tensor } from "../../src/tensor/index.js";
import { writeSafetensors } from "../../src/weights/index.js";
import { Folder, type Ran, runCli } from "./run-cli.js";

const DEMO = fileURLToPath(new URL("../../assets/demo", import.meta.url));
const TEXT = ["--text", "red fox moon"];

/** One line on stderr that holds `words`, nothing on stdout, that exit code. */
function expectRefusal({ code, stdout, stderr }: Ran, exit: 1 | 2, ...words: string[]): void {
	expect(stdout).toBe("");
	expect(stderr).toMatch(/^headscope: [^\n]+\n$/);
	for (const word of words) expect(stderr).toContain(word);
	expect(code).toBe(exit);
}

const WRONG_LINES: readonly [string, readonly string[], readonly string[]][] = [
	["no command", ["--json"], ["no command"]],
	["an unknown command", ["atention"], ["'atention'", "Did you mean attention?"]],
	["an unknown option", ["attention", "--txt", "red"], ["--txt", "Did you mean --text?"]],
	["an option without its value", ["attention", "--text"], ["--text"]],
	["two models", ["info", "demo", "demo-llama"], ["too many arguments"]],
	["a provider that does not exist", ["attention", ...TEXT, "--provider", "tpu"], ["tpu", "cpu", "webgpu"]],
	["no threads", ["attention", ...TEXT, "--threads", "0"], ["0", "1..256"]],
	["no input", ["attention"], ["--text", "--ids"]],
	["both inputs", ["attention", ...TEXT, "--ids", "x.json"], ["--text", "--ids"]],
	["an empty text", ["attention", "--text", ""], ["--text", "empty"]],
	["no tokens to split", ["tokens"], ["--text", "--file"]],
	["an empty text to split", ["tokens", "--text", ""], ["--text", "empty"]],
	[
		"a mask for a text",
		["cache", ...TEXT, "--mask", "m.json", "--out", "x.safetensors"],
		["--mask", "--ids"],
	],
	["no place to save", ["cache", ...TEXT], ["--out"]],
	["another format", ["attention", ...TEXT, "--out", "x.gif"], ["x.gif", ".svg, .png, .html"]],
	["what is no head", ["attention", ...TEXT, "--heads", "0.1,5"], ['"5"', "layer.head", "all"]],
	["a layer that is not there", ["attention", ...TEXT, "--heads", "2.0"], ["2.0", "0.0 to 1.3"]],
	["a head that is not there", ["attention", ...TEXT, "--heads", "L0H4"], ["L0H4", "0.0 to 1.3"]],
	["a scale that does not exist", ["attention", ...TEXT, "--scale", "sqrt"], ["sqrt", "hide-first"]],
	["a row that is not there", ["attention", ...TEXT, "--row", "1"], ["--row", "0..0"]],
	["patterns without tokens", ["attention", "--from", "p.safetensors"], ["--tokens"]],
	["tokens without patterns", ["attention", ...TEXT, "--tokens", "t.json"], ["--from"]],
	["patterns and a model", ["attention", "demo", "--from", "p", "--tokens", "t"], ["--from", "demo"]],
	["patterns and a text", ["attention", ...TEXT, "--from", "p", "--tokens", "t"], ["--text", "--from"]],
	[
		"a file that is not there",
		["tokens", "--file", "no-such-file.txt"],
		["no-such-file.txt", "no such file"],
	],
	["too long a text", ["attention", "--text", "red ".repeat(33)], ["33 tokens", "demo", "32"]],
];

test.each(WRONG_LINES)("refuses %s with exit code 2", async (_what, argv, words) => {
	expectRefusal(await runCli(...argv), 2, ...words);
});

test("an unknown hook name is told with the nearest ones, and no file is left", async () => {
	using folder = new Folder();
	const out = folder.at("sub", "cache.safetensors");
	for (const [name, nearest] of [
		["hook_patern", "hook_pattern"],
		["blocks.0.attn.hook_patern", "blocks.0.attn.hook_pattern"],
		["blocks.7.attn.hook_pattern", "blocks.1.attn.hook_pattern"],
	] as const) {
		expectRefusal(await runCli("cache", ...TEXT, "--names", name, "--out", out), 2, name, nearest);
	}
	expectRefusal(await runCli("cache", ...TEXT, "--names", "(", "--out", out), 2, "(");
	expect(readdirSync(folder.at("sub"))).toEqual([]);
});

test.each([
	["{}", "[batch][pos]", "an object"],
	["[1, 2]", "[batch][pos]", "[0] is 1"],
	["[[1, 2], []]", "row [1] is empty", "[batch][pos]"],
	["[]", "no rows", "[batch][pos]"],
	["[[1, 2.5]]", "[0][1] is 2.5", "[batch][pos]"],
	['[[1], ["a"]]', '[1][0] is "a"', "[batch][pos]"],
	["[[[1]]]", "[0][0] is a list", "[batch][pos]"],
	["[[1, -1]]", "[0][1] is -1", "from 0"],
	["[[1], [5, 128]]", "[1][1] is 128", "0..127"],
	["[[1, 2", "is not JSON", "ids.json"],
])("refuses the ids %s", async (json, ...words) => {
	using folder = new Folder();
	writeFileSync(folder.at("ids.json"), json);
	expectRefusal(await runCli("attention", "--ids", folder.at("ids.json")), 2, "ids.json", ...words);
});

test("refuses more ids than the context", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("ids.json"), JSON.stringify([[1], Array(33).fill(1)]));
	const ran = await runCli("attention", "--ids", folder.at("ids.json"));
	expectRefusal(ran, 2, "ids.json", "row 1", "33 tokens", "32");
});

test.each([
	["[[1, 1]]", "1 row,", "have 2"],
	["[[1, 1], [1]]", "[1] has 1", "has 2"],
	["[[1, 1], [1, 2]]", "[1][1] is 2", "0 and 1"],
	["[[1, 1], [0, 0]]", "[1] has no 1", "at least one"],
])("refuses the mask %s", async (json, ...words) => {
	using folder = new Folder();
	writeFileSync(folder.at("ids.json"), "[[1, 2], [3, 4]]");
	writeFileSync(folder.at("mask.json"), json);
	const files = ["--ids", folder.at("ids.json"), "--mask", folder.at("mask.json")];
	expectRefusal(await runCli("attention", ...files), 2, "mask.json", ...words);
});

test("refuses a file that is not UTF-8", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("text.txt"), Uint8Array.of(0x72, 0xff));
	expectRefusal(await runCli("tokens", "--file", folder.at("text.txt")), 2, "text.txt", "UTF-8");
});

test("a model that is nowhere fails with exit code 1", async () => {
	expectRefusal(await runCli("info", "./no/such/model"), 1, "./no/such/model", "hub id");
	expectRefusal(await runCli("info", "model.gguf"), 1, "model.gguf", "no such folder or file");
});

test("an unreachable hub fails with exit code 1", async () => {
	using folder = new Folder();
	vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
	vi.stubEnv("HF_HOME", folder.path);
	try {
		expectRefusal(await runCli("info", "owner/name"), 1, "owner/name", "http://127.0.0.1:9");
		expectRefusal(await runCli("info", "owner/name", "--offline"), 1, "owner/name");
	} finally {
		vi.unstubAllEnvs();
	}
});

test("broken models fail with exit code 1 before anything is written", async () => {
	using folder = new Folder();
	const copy = (name: string): string => {
		cpSync(DEMO, folder.at(name), { recursive: true });
		return folder.at(name);
	};
	const out = ["--out", folder.at("out", "cache.safetensors")];
	const truncated = copy("truncated");
	truncateSync(`${truncated}/model.safetensors`, 1000);
	expectRefusal(await runCli("cache", truncated, ...TEXT, ...out), 1, "model.safetensors", "bytes");
	const unknown = copy("unknown");
	const config = JSON.parse(readFileSync(`${unknown}/config.json`, "utf8")) as Record<string, unknown>;
	writeFileSync(`${unknown}/config.json`, JSON.stringify({ ...config, architectures: ["MambaForCausalLM"] }));
	expectRefusal(await runCli("cache", unknown, ...TEXT, ...out), 1, "MambaForCausalLM", "GPT2LMHeadModel");
	const noTokenizer = copy("no-tokenizer");
	cpSync(`${DEMO}/config.json`, `${noTokenizer}/config.json`);
	writeFileSync(`${noTokenizer}/tokenizer.json`, "{");
	expectRefusal(await runCli("tokens", noTokenizer, ...TEXT), 1, "tokenizer.json");
	expect(readdirSync(folder.at("out"))).toEqual([]);
});

test("what cannot be written is told before the model is opened", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("file"), "");
	const below = folder.at("file", "cache.safetensors");
	// the model does not exist either: the output is what is looked at first
	expectRefusal(await runCli("cache", "./no-model", ...TEXT, "--out", below), 1, below, "is a file");
	expectRefusal(
		await runCli("attention", "./no-model", ...TEXT, "--out", folder.at("file", "a", "x.svg")),
		1,
	);
	const locked = folder.at("locked");
	cpSync(DEMO, locked, { recursive: true });
	chmodSync(locked, 0o555);
	if (process.getuid?.() !== 0) {
		const out = `${locked}/cache.safetensors`;
		expectRefusal(await runCli("cache", "./no-model", ...TEXT, "--out", out), 1, out, "permission denied");
	}
	chmodSync(locked, 0o755);
});

test.skipIf(process.platform !== "linux")("a file system that takes no folders refuses at once", async () => {
	for (const out of ["/proc/headscope/x.svg", "/proc/headscope/a/b/x.svg"]) {
		expectRefusal(await runCli("attention", ...TEXT, "--out", out), 1, out, "cannot be written");
	}
});

test("broken patterns of another program fail", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("tokens.json"), '["a", "b"]');
	const show = (tensors: Record<string, Tensor>, ...more: string[]): Promise<Ran> => {
		writeFileSync(folder.at("p.safetensors"), writeSafetensors(new Map(Object.entries(tensors))));
		const files = ["--from", folder.at("p.safetensors"), "--tokens", folder.at("tokens.json")];
		return runCli("attention", ...files, ...more);
	};
	const fine = Tensor.from([
		[1, 0],
		[0.5, 0.5],
	]);
	expectRefusal(await show({ a: fine, b: fine }), 2, '"a"', "layer's number", "[batch, head, query, key]");
	expectRefusal(await show({ "l.1": fine, "m.1": fine }), 2, '"l.1"', '"m.1"', "layer 1");
	expectRefusal(await show({ a: Tensor.zeros([2]) }), 2, "[2]", "[query, key]");
	expectRefusal(await show({ a: Tensor.zeros([1, 1, 1, 2, 2]) }), 2, "[1, 1, 1, 2, 2]");
	expectRefusal(await show({ a: Tensor.zeros([2, 2], "int32") }), 2, "int32", "floats");
	expectRefusal(await show({ a: Tensor.zeros([2, 3]) }), 2, "tokens.json", "2 key tokens", "3");
	expectRefusal(await show({ "l.0": fine, "l.1": Tensor.zeros([1, 3, 2]) }), 2, "layer 1", "[1, 3, 2]");
	expectRefusal(await show({ "l.0": Tensor.zeros([1, 1, 2, 2]) }, "--row", "1"), 2, "--row", "0..0");
	expectRefusal(await show({ "l.2": fine }, "--heads", "0.0"), 2, "0.0", "layers 2");
	expectRefusal(await show({ a: Tensor.full([2, 2], 1.5) }), 1, "1.5", "0 to 1");
	writeFileSync(folder.at("tokens.json"), '{ "query": ["a", 1], "key": ["a", "b"] }');
	expectRefusal(await show({ a: fine }), 2, "tokens.json", "token 1 is 1");
	writeFileSync(folder.at("p.safetensors"), "no tensors in here");
	const files = ["--from", folder.at("p.safetensors"), "--tokens", folder.at("tokens.json")];
	expectRefusal(await runCli("attention", ...files), 1, "p.safetensors");
});

test("--verbose adds the stack, and only then", async () => {
	const { stderr } = await runCli("attention", ...TEXT, "--heads", "9.9", "--verbose");
	expect(stderr).toMatch(/^headscope: .*9\.9.*\nUsageError: [\s\S]*\n +at /);
});
