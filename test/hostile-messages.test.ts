import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { ExperimentError } from "../src/experiments/errors.js";
import { parseExperiment } from "../src/experiments/parse-experiment.js";
import { ModelError } from "../src/models/family.js";
import { resolveModel } from "../src/models/resolve.js";
import { fromAddress } from "../src/studio/page/scene/address.js";
import { TokenizerError, tokenizerFromJson } from "../src/tokenizers/index.js";
import { TrainError } from "../src/train/errors.js";
import { parseSweep } from "../src/train/parse-sweep.js";
import { WeightsError } from "../src/weights/errors.js";
import { bytesSource } from "../src/weights/source.js";
import { readTorchCheckpoint } from "../src/weights/torch-checkpoint.js";

/** A name that breaks lines, in all the ways there are, and goes on for as long as a file may. */
const NAME = `a\nb\r\u0085\u2028\u2029\u007f${"x".repeat(5000)}`;
const PRINTED = JSON.stringify(NAME).replaceAll("\u0085", "\\x85").replaceAll("\u007f", "\\x7f");

const folder = (config: unknown): Promise<unknown> =>
	resolveModel({ format: "folder", origin: "a model", config, files: [], entries: new Map() });
const split = (Regex: string): unknown => ({
	model: { type: "BPE", vocab: { a: 0 }, merges: [] },
	pre_tokenizer: { type: "Split", behavior: "Isolated", pattern: { Regex } },
});
/** A torch file that holds nothing but the name of a class. */
const classFile = zipSync(
	{ "a/data.pkl": Uint8Array.of(0x80, 2, ...Buffer.from("cos\na\u0085\rb\n.")) },
	{ level: 0 },
);

test.each<[string, () => unknown, abstract new (...args: never[]) => Error]>([
	[
		"an experiment's key",
		() => parseExperiment(`${PRINTED}: 1\nmodel: demo\nmetrics: [loss]`),
		ExperimentError,
	],
	[
		"an intervention's key",
		() => parseExperiment(`model: demo\nmetrics: [loss]\ninterventions: [{kind: zero, ${PRINTED}: 1}]`),
		ExperimentError,
	],
	["a sweep's key", () => parseSweep(`${PRINTED}: 1`), TrainError],
	["an architecture", () => folder({ architectures: [NAME] }), ModelError],
	["an architecture that is no text", () => folder({ architectures: [{ toString: 1 }] }), ModelError],
	["a configuration's key", () => folder({ architectures: ["GPT2LMHeadModel"], [NAME]: 1 }), ModelError],
	["a pattern that is none", () => tokenizerFromJson(split("(\u2028")), TokenizerError],
	["a list that holds itself", () => parseExperiment("model: demo\nmetrics: [&a [*a]]"), ExperimentError],
	["a class in a pickle", () => readTorchCheckpoint(bytesSource(classFile, "a file")), WeightsError],
	["a token type", () => tokenizerFromJson({ model: { type: NAME } }), TokenizerError],
])("%s with line breaks in it is refused in one line", async (_, read, kind) => {
	const error = await (async () => read())().then(
		() => undefined,
		(thrown: unknown) => thrown,
	);
	expect(error).toBeInstanceOf(kind);
	expect((error as Error).message).toMatch(/^[^\p{Cc}\u2028\u2029]{20,2001}$/u);
});

test("what an address has with line breaks in it is told in one line each", () => {
	const { problems } = fromAddress(`#v=1&${encodeURIComponent(NAME)}=1&head=${encodeURIComponent(NAME)}`);
	expect(problems.length).toBe(2);
	for (const problem of problems) expect(problem).toMatch(/^[^\p{Cc}\u2028\u2029]{20,500}$/u);
});
