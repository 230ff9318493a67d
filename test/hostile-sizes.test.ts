/**
 * Files that are as long as is read, and made for a reader that compares each part with each other, or that makes much of
 * few words: it would take hours or all memory, where these tests take seconds.
 */
import { describe, expect, test } from "vitest";
import { ExperimentError } from "../src/experiments/errors.js";
import { MAX_EXPERIMENT_TEXT, parseExperiment } from "../src/experiments/parse-experiment.js";
import { nearest } from "../src/hooks/select.js";
import { ModelError } from "../src/models/family.js";
import { resolveModel } from "../src/models/resolve.js";
import { TokenizerError, tokenizerFromJson } from "../src/tokenizers/index.js";
import { TrainError } from "../src/train/errors.js";
import { parsePythonJson } from "../src/train/parse-python-json.js";

/** As many parts as fit into `length` letters. */
function parts(part: (i: number) => string, length: number): string {
	const made: string[] = [];
	for (let size = 0, i = 0; ; i++) {
		const one = part(i);
		size += one.length;
		if (size > length) return made.join("");
		made.push(one);
	}
}

/** Nearly as long as an experiment may be, and a part of that where less tells. */
const ROOM = MAX_EXPERIMENT_TEXT - 4096;
const LESS = ROOM / 16;
const about = (rest: string): string => `model: demo\nprompts: red fox\n${rest}`;

describe("a long experiment is refused", () => {
	test.each<[string, () => string, RegExp]>([
		["many keys", () => parts((i) => `a${i}: 1\n`, ROOM), /^e:1:1: unknown key "a0"/],
		["many keys of JSON", () => `{${parts((i) => `"${i}":1,`, LESS)}"a":1}`, /^e:1:2: unknown key "0"/],
		[
			"many anchors, each taken once",
			() => `metrics: [${parts((i) => `&a${i} x,*a${i},`, ROOM)}x]`,
			/more than 100 aliases/,
		],
		[
			"many lists, hundreds of levels down",
			() => about(`metrics: [${"[".repeat(500)}${"[],".repeat(LESS / 4)}${"]".repeat(500)}]`),
			/metrics\[0\]: got \[\[/,
		],
		[
			"a kind of millions of letters",
			() => about(`metrics: [${"x".repeat(ROOM)}]`),
			/metrics\[0\]: no metric/,
		],
		[
			"many donors beside many interventions",
			() =>
				about(
					`metrics: [loss]\ndonors: {${parts((i) => `a${i}: unchanged,`, LESS / 2)}}\n` +
						`interventions: [${parts((i) => `{kind: patch, heads: ["0.1"], from: a${i}},`, LESS / 2)}]`,
				),
			/no intervention takes donor "a\d+"/,
		],
	])(
		"%s",
		(_, text, message) => {
			const written = text();
			expect(written.length).toBeGreaterThan(LESS / 3);
			let thrown: unknown;
			try {
				parseExperiment(written, "e");
			} catch (error) {
				thrown = error;
			}
			expect(thrown).toBeInstanceOf(ExperimentError);
			expect((thrown as Error).message).toMatch(message);
		},
		400_000,
	);
});

test.each([
	["metrics: [loss]\nmetrics: [loss]", /^e:2:1: Map keys must be unique/],
	["metrics: [{kind: loss, kind: loss}]", /^e:1:24: Map keys must be unique/],
	['{"a": 1, "a": 2}', /^e:1:10: Map keys must be unique/],
	["? {a: 1, a: 2}\n: 1", /^e:1:10: Map keys must be unique/],
])("equal keys are found: %j", (text, message) => {
	expect(() => parseExperiment(text, "e")).toThrow(message);
});

test("settings of a run with many names, and with equal ones", () => {
	const many = `{${parts((i) => `"${i}":1,`, 2 ** 20 - 100)}"a":1}`;
	expect(Object.keys(parsePythonJson(many, "s")).length).toBeGreaterThan(80_000);
	expect(() => parsePythonJson('{"a": {"b": 1, "b": 2}}', "s")).toThrow(TrainError);
	expect(() => parsePythonJson('{"a": {"b": 1, "b": 2}}', "s")).toThrow(/same name twice/);
});

test("names near to one of millions of letters", () => {
	const names = Array.from({ length: 300 }, (_, i) => `blocks.${i}.attn.hook_pattern`);
	expect(nearest(`${"x".repeat(2 ** 23)}`, names, 2)).toHaveLength(2);
	expect(nearest("blocks.7.attn.hook_patern", names, 1)).toEqual(["blocks.7.attn.hook_pattern"]);
});

test("layers that are repeated to thousands of millions", async () => {
	const types = Array(50).fill([Array(100_000).fill("local"), 1000]);
	const config = {
		...{ architectures: ["GPTNeoForCausalLM"], hidden_size: 4, num_layers: 2, num_heads: 2, vocab_size: 5 },
		attention_types: types,
	};
	const read = resolveModel({ format: "folder", origin: "m", config, files: [], entries: new Map() });
	await expect(read).rejects.toThrow(ModelError);
	await expect(read).rejects.toThrow("attention_types names 5000000000 layers, but num_layers is 2");
});

describe("tokenizers that would make very long texts of short ones are refused", () => {
	const model = { type: "BPE", vocab: { a: 0 }, merges: [] };
	const replace = (from: string, content: string): object => ({
		type: "Replace",
		pattern: { String: from },
		content,
	});
	const doubling = Array<object>(7).fill(replace("a", "aa"));
	const nested = [...doubling.slice(0, 3), { type: "Sequence", decoders: doubling.slice(3) }];
	test.each<[string, object, RegExp]>([
		[
			"normalizer",
			{ type: "Sequence", normalizers: doubling },
			/^normalizer: .* 1\.3e\+2 letters of one; at most 64/,
		],
		["normalizer", replace("a", "b".repeat(65)), /^normalizer: /],
		["normalizer", { type: "Prepend", prepend: "a".repeat(65) }, /^normalizer\.prepend: 65 letters/],
		["decoder", { type: "Sequence", decoders: doubling }, /^decoder: /],
		["decoder", { type: "Sequence", decoders: nested }, /^decoder: /],
		["decoder", replace("", "b".repeat(32)), /^decoder: /],
		[
			"pre_tokenizer",
			{ type: "Metaspace", split: false, replacement: "aa" },
			/replacement: "aa"; must be one/,
		],
	])("%s %j", (key, part, message) => {
		const read = (): unknown => tokenizerFromJson({ model, [key]: part });
		expect(read).toThrow(TokenizerError);
		expect(read).toThrow(message);
	});

	test("what makes a little more of a text is read", () => {
		const normalizer = { type: "Sequence", normalizers: doubling.slice(1) };
		const read = tokenizerFromJson({ model, normalizer, decoder: replace("aa", "b".repeat(100)) });
		expect(read.encode("a").ids).toEqual(Array(64).fill(0));
		expect(read.decode([0, 0])).toBe("aa");
	});
});
