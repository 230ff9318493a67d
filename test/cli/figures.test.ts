import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { decode } from "fast-png";
import { expect, test } from "vitest";
import type { AttentionResult } from "../../src/cli/actions/attention.js";
import { Tensor } from "../../src/tensor/index.js";
import { writeSafetensors } from "../../src/weights/index.js";
import { Folder, runCli, runJson } from "./run-cli.js";

const WORDS = "red fox moon bread king red fox moon bread";

async function draw(out: string, ...argv: string[]): Promise<string> {
	const ran = await runCli("attention", ...argv, "--out", out);
	expect(ran).toMatchObject({ code: 0, stderr: "" });
	expect(ran.stdout).toMatch(/: \d.* [kM]?B\n$/);
	return readFileSync(out, "latin1");
}

test("one head, some heads and all heads become SVG", async () => {
	using folder = new Folder();
	const names = (svg: string): string[] =>
		[...svg.matchAll(/>Head (\d+\.\d+)</g)].map(([, name]) => name as string);
	const one = await draw(folder.at("one.svg"), "--text", WORDS, "--heads", "1.2");
	expect(names(one)).toEqual(["1.2"]);
	const some = await draw(folder.at("some.svg"), "--text", WORDS, "--heads", "1.2,0.1,1.2");
	expect(names(some)).toEqual(["1.2", "0.1"]);
	const all = await draw(folder.at("all.svg"), "--text", WORDS);
	expect(all.match(/data-head="/g)).toHaveLength(8);
	expect(readdirSync(folder.path).sort()).toEqual(["all.svg", "one.svg", "some.svg"]);
});

test("a PNG has the figure's size, twice as fine", async () => {
	using folder = new Folder();
	const svg = await draw(folder.at("x.svg"), "--text", WORDS, "--heads", "0.1,1.2");
	await draw(folder.at("x.png"), "--text", WORDS, "--heads", "0.1,1.2");
	const { width, height } = decode(readFileSync(folder.at("x.png")));
	expect(svg).toContain(`width="${width / 2}" height="${height / 2}"`);
});

test("a page holds every head, begins with the one asked for and escapes its tokens", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("tokens.json"), JSON.stringify(["<img src=x>", "</script>"]));
	const patterns = Tensor.from([
		[
			[1, 0],
			[0.25, 0.75],
		],
		[
			[1, 0],
			[0.5, 0.5],
		],
	]);
	writeFileSync(folder.at("p.safetensors"), writeSafetensors(new Map([["attentions.0", patterns]])));
	const files = ["--from", folder.at("p.safetensors"), "--tokens", folder.at("tokens.json")];
	const page = await draw(folder.at("page.html"), ...files, "--heads", "0.1");
	expect(page).toContain('<option value="0.1" selected="selected">');
	expect(page).toContain('"heads":["0.0","0.1"]');
	expect(page).not.toContain("<img");
	expect(page.match(/<\/script>/g)).toHaveLength(2);
});

/** A pattern of two tokens whose last row tells which one it is. */
const pattern = (value: number): number[][] => [
	[1, 0],
	[1 - value, value],
];

test.each([
	["[query, key]", { any: pattern(0.25) }, { "0.0": 0.25 }],
	["[head, query, key]", { any: [pattern(0.25), pattern(0.5)] }, { "0.0": 0.25, "0.1": 0.5 }],
	["[layer, head, query, key]", { any: [[pattern(0.25)], [pattern(0.5)]] }, { "0.0": 0.25, "1.0": 0.5 }],
	[
		"[batch, head, query, key] by layer",
		{ "blocks.1.attn.hook_pattern": [[pattern(0.25)]], "blocks.0.attn.hook_pattern": [[pattern(0.5)]] },
		{ "0.0": 0.5, "1.0": 0.25 },
	],
	[
		"names of another program",
		{ "attentions.0": [pattern(0.25)], "attentions.12": [pattern(0.5)] },
		{ "0.0": 0.25, "12.0": 0.5 },
	],
	[
		"layers named in one word",
		{ gpt2_layer1: [pattern(0.25)], gpt2_layer0: [pattern(0.5)] },
		{ "0.0": 0.5, "1.0": 0.25 },
	],
	["a version that is no layer", { gpt2: [[pattern(0.25)], [pattern(0.5)]] }, { "0.0": 0.25, "1.0": 0.5 }],
	[
		"patterns among other tensors",
		{ logits: [[1, 2]], "blocks.3.attn.hook_pattern": [pattern(0.5)] },
		{ "3.0": 0.5 },
	],
])("reads foreign patterns: %s", async (_what, tensors, expected) => {
	using folder = new Folder();
	const map = new Map(Object.entries(tensors).map(([name, nested]) => [name, Tensor.from(nested)]));
	writeFileSync(folder.at("p.safetensors"), writeSafetensors(map));
	writeFileSync(folder.at("tokens.json"), '["a", "b"]');
	const files = ["--from", folder.at("p.safetensors"), "--tokens", folder.at("tokens.json")];
	const { model, patterns } = await runJson<AttentionResult>("attention", ...files);
	expect(model).toBeNull();
	const last = Object.entries(patterns).map(([head, rows]) => [head, rows[1]?.[1]]);
	expect(Object.fromEntries(last)).toEqual(expected);
});

test("what cache saved can be shown again", async () => {
	using folder = new Folder();
	await runCli("cache", "--text", WORDS, "--out", folder.at("c.safetensors"));
	writeFileSync(folder.at("tokens.json"), JSON.stringify(WORDS.split(" ")));
	const files = ["--from", folder.at("c.safetensors"), "--tokens", folder.at("tokens.json")];
	const shown = await runJson<AttentionResult>("attention", ...files);
	const direct = await runJson<AttentionResult>("attention", "--text", WORDS);
	expect(shown.patterns).toEqual(direct.patterns);
});
