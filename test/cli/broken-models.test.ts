/** Files of a model that are broken, lie or do not fit: one line that names the file, exit code 1, and nothing is written. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/tensor/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";
import { referencePath } from "../reference-data.js";
import { Folder, runCli } from "./run-cli.js";

const DEMO = "assets/demo";
const WEIGHTS = readFileSync(`${DEMO}/model.safetensors`);
const CONFIG = JSON.parse(readFileSync(`${DEMO}/config.json`, "utf8")) as Record<string, unknown>;
const { tensors: TENSORS } = await readSafetensors(WEIGHTS);
const GGUF = readFileSync(referencePath("lm", "gguf", "rand-llama-tied-gqa-theta5e5.gguf"));

/** The weights' file with its header as `change` makes it, of its true length or of the one given. */
function withHeader(change: (header: string) => string, length?: bigint): Buffer {
	const old = Number(WEIGHTS.readBigUInt64LE());
	const header = Buffer.from(change(WEIGHTS.subarray(8, 8 + old).toString()));
	const prefix = Buffer.alloc(8);
	prefix.writeBigUInt64LE(length ?? BigInt(header.length));
	return Buffer.concat([prefix, header, WEIGHTS.subarray(8 + old)]);
}

const config = (change: object): string => JSON.stringify({ ...CONFIG, ...change });
const index = (shard: string): string =>
	JSON.stringify({ weight_map: Object.fromEntries([...TENSORS.keys()].map((name) => [name, shard])) });
/** The weights with one tensor changed, or left out. */
function weights(name: string, tensor?: Tensor): Uint8Array {
	const all = new Map<string, Tensor>(TENSORS);
	if (tensor) all.set(name, tensor);
	else all.delete(name);
	return writeSafetensors(all);
}

type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

/** What is wrong, the files that differ from the demo's, and what is said. */
const FOLDERS: readonly (readonly [string, Files, readonly string[]])[] = [
	[
		"weights cut off",
		{ "model.safetensors": WEIGHTS.subarray(0, -1) },
		["model.safetensors", "ends at byte", "truncated"],
	],
	["a header cut off", { "model.safetensors": WEIGHTS.subarray(0, 100) }, ["model.safetensors", "header"]],
	[
		"a header length beyond the file",
		{ "model.safetensors": withHeader((h) => h, 2n ** 63n) },
		["model.safetensors: header length", "allowed"],
	],
	[
		"negative offsets",
		{ "model.safetensors": withHeader((h) => h.replace(/"data_offsets":\[\d+/, '"data_offsets":[-8')) },
		["model.safetensors", "-8", "allowed"],
	],
	[
		"overlapping tensors",
		{
			"model.safetensors": withHeader((h) =>
				h.replace(/("data_offsets":\[)(\d+),(\d+)\]/g, (_, key, a, b) => `${key}0,${Number(b) - Number(a)}]`),
			),
		},
		["model.safetensors", "overlaps"],
	],
	[
		"NaN in the metadata",
		{ "model.safetensors": withHeader((h) => h.replace("{", '{"__metadata__":{"a":NaN},')) },
		["model.safetensors: the header is not JSON"],
	],
	[
		"a header that is not UTF-8",
		{ "model.safetensors": Buffer.concat([WEIGHTS.subarray(0, 10), Buffer.of(0xff), WEIGHTS.subarray(11)]) },
		["model.safetensors", "not UTF-8"],
	],
	[
		"integers as weights",
		{ "model.safetensors": weights("wte.weight", Tensor.zeros([128, 64], "int32")) },
		['"wte.weight" has type I32', "F32"],
	],
	[
		"a weight of another shape",
		{ "model.safetensors": weights("wte.weight", Tensor.zeros([127, 64])) },
		['"wte.weight" has shape [127, 64]', "[128, 64]"],
	],
	[
		"a weight that is not finite",
		{ "model.safetensors": weights("wte.weight", Tensor.full([128, 64], Number.NaN)) },
		['"wte.weight" has the value NaN', "finite"],
	],
	["a weight too few", { "model.safetensors": weights("ln_f.bias") }, ['"ln_f.bias" is missing']],
	[
		"a weight too many",
		{ "model.safetensors": weights("extra", Tensor.zeros([1])) },
		['"extra" would not be used', "gpt2"],
	],
	[
		"a missing shard",
		{ "model.safetensors": undefined, "model.safetensors.index.json": index("a.safetensors") },
		['the shard "a.safetensors" is missing'],
	],
	[
		"a shard outside the folder",
		{ "model.safetensors": undefined, "model.safetensors.index.json": index("../a.safetensors") },
		['"../a.safetensors" leaves the folder', "allowed"],
	],
	["no weights", { "model.safetensors": undefined }, ["neither model.safetensors nor"]],
	["no configuration", { "config.json": undefined }, ["no config.json"]],
	["a configuration that is not UTF-8", { "config.json": Buffer.of(0x7b, 0xff) }, ["config.json", "UTF-8"]],
	[
		"an unknown architecture",
		{ "config.json": config({ architectures: ["XForCausalLM"] }) },
		["XForCausalLM"],
	],
	["a key that is not known", { "config.json": config({ attention_sink: 4 }) }, ['"attention_sink"']],
	["an absurd count of layers", { "config.json": config({ n_layer: 1e9 }) }, ["n_layer"]],
];

describe.each(FOLDERS)("%s", (_, files, words) => {
	test("is told in one line, and no output is left", async () => {
		using folder = new Folder();
		const model = folder.at("model");
		mkdirSync(model);
		for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])
			cpSync(`${DEMO}/${name}`, `${model}/${name}`);
		for (const [name, content] of Object.entries(files)) {
			if (content === undefined) rmSync(`${model}/${name}`);
			else writeFileSync(`${model}/${name}`, content);
		}
		await expectRefused(folder, model, words);
	});
});

/** A GGUF file with other bytes at a place. */
function patched(at: number, bytes: readonly number[]): Buffer {
	const copy = Buffer.from(GGUF);
	copy.set(bytes, at);
	return copy;
}

const ALL_ONES = Array<number>(8).fill(0xff);

test.each<[string, Buffer, readonly string[]]>([
	["cut off in its tensors", GGUF.subarray(0, -40), ["ends at byte"]],
	["cut off in its header", GGUF.subarray(0, 60), []],
	["that is empty", GGUF.subarray(0, 0), []],
	["of another version", patched(4, [9]), ["version 9", "allowed 2 and 3"]],
	["with an absurd count of tensors", patched(8, ALL_ONES), ["tensor count", "allowed"]],
	["with an absurd count of keys", patched(16, ALL_ONES), ["key count", "allowed"]],
	["with an absurd length of a key", patched(24, ALL_ONES), ["allowed up to"]],
	["with a key that is not UTF-8", patched(32, [0xff]), ["UTF-8"]],
])("a GGUF file %s is told in one line", async (_, content, words) => {
	using folder = new Folder();
	const model = folder.at("model.gguf");
	writeFileSync(model, content);
	await expectRefused(folder, model, ["model.gguf", ...words]);
});

/** Every command that writes refuses the model, and its folder for output stays empty. */
async function expectRefused(folder: Folder, model: string, words: readonly string[]): Promise<void> {
	const out = folder.at("out");
	mkdirSync(out);
	for (const argv of [
		["cache", model, "--text", "red fox", "--out", `${out}/c.safetensors`],
		["induction", model, "--samples", "2", "--out", out, "--json"],
	]) {
		const { code, stdout, stderr } = await runCli(...argv);
		expect(stderr).toMatch(/^headscope: [^\n]{10,1100}\n$/);
		for (const word of words) expect(stderr).toContain(word);
		expect([code, stdout]).toEqual([1, ""]);
		expect(readdirSync(out)).toEqual([]);
	}
}
